import CLinux
import Foundation
import Glibc
import Synchronization

/// Ends what a test has started even if the tests themselves die: a shell that reads which processes run,
/// and kills those that are left when the pipe to it breaks.
final class Guardian: Sendable {
    static let shared = Guardian()

    private let pipe: Mutex<Int32>

    private static let script = """
        trap '' INT TERM HUP
        all=' '
        while read -r sign pid; do
          case $sign in
          +) all="$all$pid " ;;
          -) all="${all%% $pid *} ${all#* $pid }" ;;
          esac
        done
        for pid in $all; do kill -9 $pid; done
        """

    private init() {
        var ends: [Int32] = [-1, -1]
        _ = pipe2(&ends, O_CLOEXEC)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        let arguments: [String] = ["/bin/sh", "-c", Self.script]
        let words = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        posix_spawn(&pid, "/bin/sh", &actions, nil, words, environ)
        close(ends[0])
        pipe = Mutex(ends[1])
    }

    func watch(_ pid: pid_t) { say("+ \(pid)\n") }
    func forget(_ pid: pid_t) { say("- \(pid)\n") }

    private func say(_ line: String) {
        pipe.withLock { descriptor in _ = line.withCString { write(descriptor, $0, strlen($0)) } }
    }
}
