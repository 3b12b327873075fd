# Entry points for people and for machines. Each is a line or two; what is longer is in .ci/.

PREFIX ?= /usr/local
# The only directory in which mount(8) looks for its helpers.
HELPERDIR ?= /usr/sbin
DESTDIR ?=
SWIFT ?= swift

# Make itself can't tell a blank in a path from one between two.
ifneq ($(words x$(PREFIX)x$(HELPERDIR)x$(DESTDIR)x),1)
$(error PREFIX, HELPERDIR and DESTDIR can have no blanks: PREFIX='$(PREFIX)' HELPERDIR='$(HELPERDIR)' DESTDIR='$(DESTDIR)')
endif

release := .build/release
version := $(shell sed -n 's/.*static let current = "\(.*\)"/\1/p' Sources/basespacefs/Version.swift)
pages := $(wildcard man/*.[1-8])
unit := basespacefs@.service

bindir := $(DESTDIR)$(PREFIX)/bin
libexecdir := $(DESTDIR)$(PREFIX)/libexec/basespacefs
mandir := $(DESTDIR)$(PREFIX)/share/man
unitdir := $(DESTDIR)$(PREFIX)/lib/systemd/user
resources := basespacefs_BaseSpaceSimulator.resources
helperdir := $(DESTDIR)$(HELPERDIR)
helper := $(helperdir)/mount.basespacefs
# All installations share the place of the helper. It is that of this one if it calls the program of this one.
program_line := program=$(PREFIX)/bin/basespacefs
helper_is_ours := grep -qxF '$(program_line)' $(helper)
bash_completion := $(DESTDIR)$(PREFIX)/share/bash-completion/completions/basespacefs
zsh_completion := $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_basespacefs
fish_completion := $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/basespacefs.fish

# The runtime of Swift is linked in: users' machines have none.
release_flags := -c release --static-swift-stdlib

.PHONY: help build demo test bench lint install uninstall deb test-deb clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build the release programs.
	$(SWIFT) build $(release_flags) --product basespacefs
	$(SWIFT) build $(release_flags) --product basespace-simulator

demo: ## Show a whole analysis on a simulated BaseSpace; KEEP=1 keeps the mount.
	@.ci/install-packages
	@$(MAKE) --no-print-directory build
	@$(release)/basespacefs demo $(if $(KEEP),--keep)

# One test at a time: many of them mount, or keep both cores busy, and their deadlines are meant for one.
test: ## Install what is missing, check the sources, run all tests.
	@.ci/install-packages
	@.ci/lint
	$(SWIFT) test --no-parallel

# Make takes words with dashes for its own options, so those of the benchmark have names here.
bench: ## Compare with other clients on simulated lines; CASE=… ROUNDS=n JSON=1.
	@.ci/install-packages
	@.ci/install-packages Benchmarks/debian-packages.txt
	@$(SWIFT) build $(release_flags) --product basespacefs >&2
	@Benchmarks/bench.py $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(JSON),--json) $(CASE)

lint: ## Check the format of the code, the scripts, the manual and what is tracked.
	@.ci/lint

install: ## Install into PREFIX (/usr/local) and HELPERDIR (/usr/sbin), below DESTDIR. Run `make build` first.
	@test -x $(release)/basespacefs || { echo 'run `make build` first' >&2; exit 1; }
	@test ! -e $(helper) || $(helper_is_ours) || { \
	    echo '$(helper) is that of another installation: remove that one first, or choose another HELPERDIR' >&2; \
	    exit 1; \
	}
	install -D -s -m 755 $(release)/basespacefs $(bindir)/basespacefs
	install -D -s -m 755 $(release)/basespace-simulator $(libexecdir)/basespace-simulator
	rm -rf $(libexecdir)/$(resources)
	cp -R $(release)/$(resources) $(libexecdir)/
	install -d $(helperdir) $(unitdir) $(dir $(bash_completion) $(zsh_completion) $(fish_completion))
	sed 's|^program=.*|$(program_line)|' mount-helper/mount.basespacefs > $(helper)
	chmod 755 $(helper)
	sed 's|/usr/bin/basespacefs|$(PREFIX)/bin/basespacefs|' mount-helper/$(unit) > $(unitdir)/$(unit)
	$(release)/basespacefs --generate-completion-script bash | sed '1{/^#!/d}' > $(bash_completion)
	$(release)/basespacefs --generate-completion-script zsh > $(zsh_completion)
	$(release)/basespacefs --generate-completion-script fish > $(fish_completion)
	chmod 644 $(unitdir)/$(unit) $(bash_completion) $(zsh_completion) $(fish_completion)
	@for page in $(pages); do \
	    directory=$(mandir)/man$${page##*.}; \
	    install -d $$directory; \
	    sed 's/^\.Os$$/.Os basespacefs $(version)/' $$page > $$directory/$${page#man/}; \
	    chmod 644 $$directory/$${page#man/}; \
	done

uninstall: ## Remove what `make install` put there.
	@test -e $(helper) || exit 0; \
	if $(helper_is_ours); then rm -f $(helper); else echo '$(helper) is kept: it is that of another installation'; fi
	rm -f $(bindir)/basespacefs $(unitdir)/$(unit)
	rm -f $(bash_completion) $(zsh_completion) $(fish_completion)
	rm -f $(foreach page,$(pages),$(mandir)/man$(subst .,,$(suffix $(page)))/$(notdir $(page)))
	rm -f $(libexecdir)/basespace-simulator
	rm -rf $(libexecdir)/$(resources)
	test ! -d $(libexecdir) || rmdir --ignore-fail-on-non-empty $(libexecdir)

deb: ## Build a Debian package in .build/.
	@.ci/install-packages
	@.ci/install-packages .ci/package-build-packages.txt
	@$(MAKE) --no-print-directory build
	@.ci/make-deb

# It runs as root, and what root builds its owner can't build again: a package that is there is not built again.
test-deb: ## Install the package in a fresh Debian, use it there, remove it. As root, with a network.
	@$(if $(wildcard .build/basespacefs_*.deb),,$(MAKE) --no-print-directory deb)
	@.ci/install-packages .ci/package-test-packages.txt
	@.ci/test-deb

clean: ## Remove everything that was built.
	rm -rf .build
