# Entry points for people and for machines. Each is a line or two; what is longer is in .ci/.

PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift

release := .build/release
bindir := $(DESTDIR)$(PREFIX)/bin
libexecdir := $(DESTDIR)$(PREFIX)/libexec/basespacefs
mandir := $(DESTDIR)$(PREFIX)/share/man

# The runtime of Swift is linked in: users' machines have none.
release_flags := -c release --static-swift-stdlib

.PHONY: help build demo test bench lint install uninstall clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

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

install: ## Install into PREFIX (/usr/local), below DESTDIR. Run `make build` first.
	@test -x $(release)/basespacefs || { echo 'run `make build` first' >&2; exit 1; }
	install -D -m 755 $(release)/basespacefs $(bindir)/basespacefs
	install -D -m 755 $(release)/basespace-simulator $(libexecdir)/basespace-simulator
	rm -rf $(libexecdir)/*.resources
	cp -R $(release)/basespacefs_BaseSpaceSimulator.resources $(libexecdir)/
	install -D -m 644 man/basespacefs.1 $(mandir)/man1/basespacefs.1
	install -D -m 644 man/basespacefs.cfg.5 $(mandir)/man5/basespacefs.cfg.5
	install -D -m 644 man/basespacefs-tree.7 $(mandir)/man7/basespacefs-tree.7

uninstall: ## Remove what `make install` put there.
	rm -f $(bindir)/basespacefs $(mandir)/man1/basespacefs.1 $(mandir)/man5/basespacefs.cfg.5
	rm -f $(mandir)/man7/basespacefs-tree.7
	rm -rf $(libexecdir)

clean: ## Remove everything that was built.
	rm -rf .build
