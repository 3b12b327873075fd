import TestSupport
import Testing

extension EndToEnd.FstabTests {
    @Test("gid= is the group of the files only: without allow_other, too, the user gets in, and root does not")
    func group() async throws {
        try await install { machine in
            let output = try await machine.output(
                """
                mount -t basespacefs lab "$MNT" -o uid=alice,gid=lab,cache-dir=none
                alice stat -c %u:%g "$MNT/README"
                alice cat "$MNT/\(Self.file)" | cmp - "$DATA/projects/P/samples/S/f"
                ps -o uid=,gid=,supgid= -p "$(daemons)" | tr -s ' '
                fails ls "$MNT" 2> /dev/null
                umount "$MNT"
                """
            )
            #expect(output == "4242:4343\n 4242 4242 4242\n")
        }
    }

    @Test("Of root's environment only what is for the network reaches the user's process")
    func environment() async throws {
        try await install { machine in
            let output = try await machine.output(
                """
                export SECRET=5ec5e7 AWS_SECRET_ACCESS_KEY=5ec5e7 no_proxy=example.org TZ=UTC "LINES=a
                b=c"
                mount -t basespacefs lab "$MNT" -o uid=alice,cache-dir=none
                tr '\\0' '\\n' < "/proc/$(daemons)/environ" | sort
                umount "$MNT"
                """
            )
            let lines = output.split(separator: "\n").map(String.init)
            let names = Set(lines.map { String($0.prefix { $0 != "=" }) })
            #expect(names.isDisjoint(with: ["SECRET", "AWS_SECRET_ACCESS_KEY", "LINES", "b", "ROOT", "SERVER"]))
            #expect(!output.contains("5ec5e7"))
            #expect(lines.contains("no_proxy=example.org"), "\(output)")
            #expect(lines.contains("USER=alice"), "\(output)")
        }
    }

    @Test("Where a parent has become a symbolic link meanwhile, only root's mount is taken back")
    func replaced() async throws {
        try await install { machine in
            let output = try await machine.output(
                """
                mkdir -p own/a/m other/m
                mount -t tmpfs other other/m
                # In the place of the program: its user replaces what is above the directory, and fails.
                rm basespacefs
                cat > basespacefs <<'END'
                #!/bin/sh
                case $1 in whoami) exit 0 ;; esac
                cd "${HOME%/alice}" && mv own/a own/b && ln -s ../other own/a
                exit 1
                END
                chmod 755 basespacefs
                chown -R 4242:4242 own
                fails mount -t basespacefs lab "$OWN/a/m" -o uid=alice
                findmnt -n -r -o FSTYPE,TARGET | grep -F "$ROOT/o" || true
                """
            )
            #expect(output == "tmpfs \(machine.account.home.path)/other/m\n")
        }
    }

    @Test("A signal before the mount answers takes it back", arguments: ["whoami", "mount"])
    func interrupted(when: String) async throws {
        try await install { machine in
            let result = try await machine.run(
                """
                rm basespacefs
                cat > basespacefs <<'END'
                #!/bin/sh
                [ "$1" != \(when) ] || kill -TERM "$PPID"
                END
                chmod 755 basespacefs
                /sbin/mount.basespacefs lab "$MNT" || status=$?
                fails findmnt --mountpoint "$MNT"
                exit "${status-0}"
                """
            )
            #expect(result.status == (when == "mount" ? 32 : 143), "\(result.errors)")
            #expect(result.output == "")
        }
    }
}
