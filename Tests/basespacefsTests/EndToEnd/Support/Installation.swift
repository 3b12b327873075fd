import BaseSpaceSimulator
import Foundation
import Glibc
import SystemPackage
import TestSupport

/// A machine on which basespacefs is installed, and that has a user alice of the group lab, for scripts: a mount namespace of
/// its own, in which `/sbin`, `/etc/passwd`, `/etc/group` and `/etc/fstab` are what the script needs. Needs root.
struct Installation {
    let account: Account

    /// Whether this machine lets a test have such a namespace: containers may have root without it.
    static var isPossible: Bool { get async { await possible.value } }
    private static let possible = Task {
        await succeeds(
            """
            mkdir dev sbin
            mount -t tmpfs dev dev
            mknod -m 666 dev/fuse c 10 229
            mount --bind dev/fuse /dev/fuse
            true 3<>/dev/fuse
            mount --bind /etc/passwd /etc/passwd
            mount -t overlay -o "lowerdir=$PWD/sbin:/usr/sbin" sbin /usr/sbin
            """
        )
    }

    /// Whether there can be an automount in it.
    static var canAutomount: Bool { get async { await automounting.value } }
    private static let automounting = Task { await succeeds("timeout 5 python3 -c '\(automount)' .") }

    /// The beginning of a Python script that mounts autofs on the directory of its first argument. As with systemd, nobody
    /// outside of this process's group gets past it until there is an answer.
    static let automount = #"""
        import ctypes, fcntl, os, struct, subprocess, sys
        directory, command = os.path.realpath(sys.argv[1]), sys.argv[2:]
        requests, answers = os.pipe()
        options = f"fd={answers},pgrp={os.getpgrp()},minproto=5,maxproto=5,direct"
        if ctypes.CDLL(None).mount(b"automount", directory.encode(), b"autofs", 0, options.encode()) != 0:
            sys.exit("autofs can not be mounted")

        """#

    private static func succeeds(_ script: String) async -> Bool {
        guard geteuid() == 0, let directory = try? TemporaryDirectory(prefix: "machine") else { return false }
        defer { withExtendedLifetime(directory) {} }
        let command = ["unshare", "-m", "bash", "-c", "set -e; cd \"$0\"\n" + script, directory.path.string]
        return (try? await Shell.run(command))?.status == 0
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
