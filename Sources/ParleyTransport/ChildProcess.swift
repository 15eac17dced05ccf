import CLinux
import Foundation
import Glibc

/// A shell command whose standard input and output are streams of ours, for `--via "ssh host ..."`. Its
/// standard error, terminal and process group are ours too, so that `ssh` can ask for a password.
package final class ChildProcess {
    package enum Exit: Equatable, Sendable {
        /// 127 is the shell's word for "command not found".
        case exited(Int32)
        case signalled(Int32)
    }

    /// What it writes is our input; what we write is its input.
    package let streams: StreamPair
    package let processID: Int32
    /// Called once, in the turn in which the loop learns of the end. Output may still be on its way then.
    package var onExit: (Exit) -> Void = { _ in }
    /// How it ended; nil while it runs.
    package private(set) var exit: Exit?

    private let handle: Descriptor
    private let watch: Watch

    /// Runs `/bin/sh -c command`.
    package init(on loop: ReadinessLoop, command: String) throws(TransportError) {
        let toChild = try Descriptor.rawPipe()
        let writer = Descriptor(adopting: toChild.writer)
        let childInput = Descriptor(lending: toChild.reader)
        let fromChild = try Descriptor.rawPipe()
        let reader = Descriptor(adopting: fromChild.reader)
        let childOutput = Descriptor(lending: fromChild.writer)
        streams = StreamPair(input: reader, output: writer)
        processID = try withExtendedLifetime((childInput, childOutput)) { ends throws(TransportError) in
            try spawn(command, input: ends.0.number, output: ends.1.number)
        }
        let number = pidfd_open(processID, 0)
        guard number >= 0 else { throw TransportError(errno, call: "pidfd_open", place: command) }
        handle = Descriptor(adopting: number)
        watch = loop.watch(number)
        watch.onReadable = { self.reap() }
        watch.interest = .read
    }

    /// Asks it to end. Closing its input is the kinder way.
    package func terminate() {
        if exit == nil { kill(processID, SIGTERM) }
    }

    private func reap() {
        var status: Int32 = 0
        guard retrying({ waitpid(processID, &status, WNOHANG) }) == processID else { return }
        let signal = status & 0x7f
        let ended: Exit = signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
        exit = ended
        watch.cancel()
        let report = onExit
        onExit = { _ in }
        report(ended)
    }
}

/// Starts the shell with these descriptors as its input and output, and none of our others. Signals are as
/// a new process expects them: none blocked, SIGPIPE fatal.
private func spawn(_ command: String, input: Int32, output: Int32) throws(TransportError) -> pid_t {
    var (actions, attributes) = (posix_spawn_file_actions_t(), posix_spawnattr_t())
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
        posix_spawn_file_actions_destroy(&actions)
        posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    posix_spawn_file_actions_addclosefrom_np(&actions, 3)
    resetSignals(&attributes)
    var child: pid_t = 0
    let environment = ProcessInfo.processInfo.environment.map { "\($0)=\($1)" }
    let status = withCStrings(["/bin/sh", "-c", command]) { arguments in
        withCStrings(environment) { posix_spawn(&child, "/bin/sh", &actions, &attributes, arguments, $0) }
    }
    guard status == 0 else { throw TransportError(status, call: "spawn", place: command) }
    return child
}

private func resetSignals(_ attributes: inout posix_spawnattr_t) {
    var (none, defaults) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigemptyset(&defaults)
    sigaddset(&defaults, SIGPIPE)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
}

/// A null-terminated array of C strings, as `argv` and `envp` are.
private func withCStrings<R>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R
) -> R {
    let pointers = strings.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers)
}
