import BaseSpaceSimulator
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite(
        "mount -t basespacefs, /etc/fstab and umount",
        .enabled("needs root, and a namespace of mounts") { await Installation.isPossible }
    )
    struct FstabTests {
        static let file = "Projects/P/Samples/S/Files/f"

        func install(_ body: (Installation) async throws -> Void) async throws {
            let data = try await AccountData.random(["projects/P/samples/S/f": 300_000])
            try await Account.using(data) { try await body(Installation(account: $0)) }
        }

        @Test("As root with uid= the mount and its process are the user's, and root raises the read-ahead")
        func asUser() async throws {
            try await install { machine in
                let output = try await machine.output(
                    """
                    mount -t basespacefs lab "$MNT" -o uid=alice,gid=lab,allow_other,_netdev,nofail
                    findmnt -n -r -o FSTYPE,SOURCE,OPTIONS --mountpoint "$MNT"
                    stat -c %u:%g "$MNT/README"
                    cmp "$MNT/\(Self.file)" "$DATA/projects/P/samples/S/f"
                    ps -o uid=,gid= -p "$(daemons)" | tr -s ' '
                    cat "/sys/class/bdi/$(findmnt -n -r -o MAJ:MIN --mountpoint "$MNT")/read_ahead_kb"
                    test -d alice/.cache/basespacefs
                    umount "$MNT"
                    """
                )
                let lines = output.split(separator: "\n").map(String.init)
                try #require(lines.count == 4, "\(output)")
                let options =
                    "rw,nosuid,nodev,noatime,user_id=4242,group_id=4242,default_permissions,allow_other"
                #expect(lines[0] == "fuse.basespacefs lab \(options)")
                #expect(lines[1] == "4242:4343")
                #expect(lines[2] == " 4242 4242")
                #expect(lines[3] == "1024")
                try await eventually("the daemon ends") { machine.account.daemons.isEmpty }
            }
        }

        @Test("As root without uid= the mount is root's, and the read-ahead what is asked for")
        func asRoot() async throws {
            try await install { machine in
                let output = try await machine.output(
                    """
                    chown root alice/.basespace/lab.cfg
                    unset HOME
                    mount -v -t basespacefs "$ROOT/alice/.basespace/lab.cfg" "$MNT" \\
                        -o ro,read_ahead_kb=2048,cache-dir=none
                    cmp "$MNT/\(Self.file)" "$DATA/projects/P/samples/S/f"
                    fails mkdir "$MNT/Projects/New" 2> /dev/null
                    cat "/sys/class/bdi/$(findmnt -n -r -o MAJ:MIN --mountpoint "$MNT")/read_ahead_kb"
                    umount "$MNT"
                    """
                )
                #expect(output.contains("mount.basespacefs: read-ahead is 2048 KiB\n2048\n"), "\(output)")
            }
        }

        @Test("mount -a mounts what is in /etc/fstab, once")
        func fstab() async throws {
            try await install { machine in
                let output = try await machine.output(
                    """
                    echo "lab $MNT basespacefs _netdev,nofail,x-systemd.automount,uid=alice,cache-dir=none 0 0" > fstab
                    echo "none $OWN basespacefs noauto,user 0 0" >> fstab
                    mount -a -t basespacefs
                    alice ls "$MNT"
                    mount -a -t basespacefs
                    findmnt -n -r -o TARGET -t fuse.basespacefs | grep -cF "$ROOT"
                    fails mount "$MNT" 2> again
                    cat again
                    umount "$MNT"
                    """
                )
                #expect(output.contains("Projects\nREADME\nRuns\n1\n"), "\(output)")
                #expect(output.contains("is busy: a file system is mounted there"), "\(output)")
            }
        }

        @Test("A user mounts what /etc/fstab allows, and unmounts it; others don't see into it")
        func plainUser() async throws {
            try await install { machine in
                let output = try await machine.output(
                    """
                    echo "lab $OWN basespacefs noauto,user,cache-dir=none,comment=own 0 0" > fstab
                    alice mount "$OWN"
                    alice ls "$OWN"
                    alice cat "$OWN/\(Self.file)" | cmp - "$DATA/projects/P/samples/S/f"
                    findmnt -n -r -o OPTIONS --mountpoint "$OWN"
                    fails ls "$OWN" 2> /dev/null
                    alice umount "$OWN"
                    fails findmnt --mountpoint "$OWN"
                    fails alice mount -t basespacefs lab "$MNT" 2> /dev/null
                    fails alice /sbin/mount.basespacefs lab "$OWN" -o allow_other 2> others
                    cat others
                    """
                )
                #expect(output.contains("Projects\n"))
                #expect(output.contains("noexec") && output.contains("user_id=4242,group_id=4242\n"), "\(output)")
                #expect(output.contains("user_allow_other"), "\(output)")
            }
        }

        @Test(
            "What root has mounted for a user that user unmounts",
            arguments: ["alice umount", "alice fusermount3 -u", "alice ./basespacefs unmount", "./basespacefs unmount"]
        )
        func unmount(command: String) async throws {
            try await install { machine in
                let output = try await machine.output(
                    """
                    mount -t basespacefs lab "$MNT" -o uid=alice,cache-dir=none
                    \(command) "$MNT"
                    fails findmnt --mountpoint "$MNT"
                    """
                )
                #expect(output == "")
                try await eventually("the daemon ends") { machine.account.daemons.isEmpty }
            }
        }

        @Test("A signal to a user's daemon takes root's mount away")
        func signal() async throws {
            try await install { machine in
                let output = try await machine.output(
                    """
                    mount -t basespacefs lab "$MNT" -o uid=alice,cache-dir=none
                    kill -TERM "$(daemons)"
                    while findmnt --mountpoint "$MNT" > /dev/null; do sleep 0.05; done
                    """
                )
                #expect(output == "")
            }
        }

        @Test(
            "What can't be mounted is told in a line, and leaves nothing mounted",
            arguments: [
                ("nolab", "uid=alice", 32, "profile nolab not found at ROOT/alice/.basespace/nolab.cfg"),
                ("lab", "uid=alice,api-server=http://127.0.0.1:1", 32, "can't reach http://127.0.0.1:1"),
                ("lab", "uid=alice,cache-size=3x", 1, "The value '3x' is invalid"),
                ("lab", "uid=alice,cache-dir=/proc/nowhere", 32, "/proc/nowhere"),
                ("lab", "uid=alice,bogus", 1, "unknown option bogus"),
            ]
        )
        func failures(profile: String, options: String, status: Int, reason: String) async throws {
            try await install { machine in
                let result = try await machine.run(
                    """
                    mount -t basespacefs \(profile) "$MNT" -o \(options) || status=$?
                    fails findmnt --mountpoint "$MNT"
                    exit "${status-0}"
                    """
                )
                let reason = reason.replacing("ROOT", with: machine.account.home.path.string)
                #expect(result.status == Int32(status))
                #expect(result.errors.contains(reason), "\(result.errors)")
                #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
                #expect(result.output == "")
            }
        }

        /// What systemd does for x-systemd.automount: whoever looks at the directory waits until the command has mounted.
        private static let automounter =
            Installation.automount + #"""
                os.close(answers)
                root = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
                print("ready", flush=True)
                token = struct.unpack_from("iiI", os.read(requests, 4096))[2]
                status = subprocess.run(command).returncode
                fcntl.ioctl(root, 0x9360 if status == 0 else 0x9361, token)
                """#

        @Test(
            "Below an automount of systemd's kind it mounts when somebody looks",
            .enabled("needs autofs") { await Installation.canAutomount },
            arguments: ["lab uid=alice,allow_other", "$ROOT/root.cfg cache-dir=none"]
        )
        func automount(call: String) async throws {
            try await install { machine in
                try machine.account.home.write(Array(Self.automounter.utf8), to: "automounter")
                let words = call.split(separator: " ")
                let output = try await machine.output(
                    """
                    install -m 600 alice/.basespace/lab.cfg root.cfg
                    setsid python3 automounter "$MNT" mount -t basespacefs "\(words[0])" "$MNT" -o \(words[1]) > ready &
                    until grep -q ready ready; do kill -0 $!; sleep 0.05; done
                    timeout 20 cmp "$MNT/\(Self.file)" "$DATA/projects/P/samples/S/f"
                    findmnt -n -r -o FSTYPE --mountpoint "$MNT"
                    umount "$MNT"
                    """
                )
                #expect(output.contains("fuse.basespacefs\n"), "\(output)")
            }
        }
    }
}
