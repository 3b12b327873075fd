import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport

/// A machine on which basespacefs is installed, and that has a user alice of the group lab, for scripts: a mount namespace of
/// its own, in which `/sbin`, `/etc/passwd`, `/etc/group` and `/etc/fstab` are what the script needs. Needs root.
struct Installation {
    let account: Account

    /// Whether this process may do what the scripts do: in a container root may be allowed little.
    static var isPossible: Bool {
        get async {
            let probe = """
                set -e; place=$(mktemp -d); mount -t tmpfs place "$place"; cd "$place"; mkdir a b
                mount -t overlay -o "lowerdir=$place/a:$place/b" overlay b
                mknod -m 666 fuse c 10 229; mount --bind fuse /dev/fuse; : <> /dev/fuse
                """
            return (try? await Shell.run(["unshare", "-m", "bash", "-c", probe]).status) == 0
        }
    }

    /// The script's beginning. `alice COMMAND…` runs a command as alice, with nothing of root's environment; `$MNT` is
    /// root's directory and `$OWN` alice's; `daemons` are the processes that serve mounts; `fails COMMAND…` is a command that
    /// must not succeed.
    private static let prologue = #"""
        set -eu
        unset XDG_CACHE_HOME XDG_STATE_HOME BASESPACE_API_SERVER BASESPACE_ACCESS_TOKEN
        cd "$ROOT"
        MNT=$ROOT/mnt OWN=$ROOT/own
        mkdir -p sbin dev mnt own alice/.basespace
        chmod 711 .
        install -m 755 "$PROGRAM" basespacefs
        install -m 755 helper sbin/mount.basespacefs
        { echo "alice:x:4242:4242::$ROOT/alice:/bin/sh"; cat /etc/passwd; } > passwd
        { echo "alice:x:4242:"; echo "lab:x:4343:"; cat /etc/group; } > group
        touch fstab
        mount --bind passwd /etc/passwd
        mount --bind group /etc/group
        mount --bind fstab /etc/fstab
        mount -t overlay -o "lowerdir=$ROOT/sbin:/usr/sbin" sbin /usr/sbin
        # Everybody may open it, as where udev has made it.
        mount -t tmpfs dev dev
        mknod -m 666 dev/fuse c 10 229
        mount --bind dev/fuse /dev/fuse
        printf '[DEFAULT]\napiServer = %s\naccessToken = %s\n' "$SERVER" "$(cat token)" > alice/.basespace/lab.cfg
        chmod 600 alice/.basespace/lab.cfg
        chown -R 4242:4242 alice own
        alice() {
            setpriv --reuid 4242 --regid 4242 --clear-groups env -i "PATH=$PATH" "HOME=$ROOT/alice" "$@"
        }
        fails() { if "$@"; then echo "$* succeeded" >&2; exit 99; fi; }
        daemons() { pgrep -f -- "--foreground.*$ROOT" || true; }
        trap 'umount -l "$MNT" "$OWN" 2> /dev/null || true' EXIT

        """#

    /// Runs a script for bash.
    func run(_ script: String) async throws -> ShellResult {
        try await Shell.run(command(script), environment: environment())
    }

    /// Runs a script that has to succeed, and returns what it wrote.
    func output(_ script: String) async throws -> String {
        try await Shell.output(command(script), environment: environment())
    }

    private func command(_ script: String) throws -> [String] {
        let helper = try MountHelper.script(program: account.home.file("basespacefs").string)
        try account.home.write(Array(helper.utf8), to: "helper")
        return ["timeout", "-k", "1", "50", "unshare", "-m", "bash", "-c", Self.prologue + script]
    }

    private func environment() throws -> [String: String] {
        account.environment.merging([
            "ROOT": account.home.path.string, "PROGRAM": try BuiltProducts.path(of: "basespacefs"),
            "SERVER": account.simulator.apiURL,
        ]) { $1 }
    }
}
