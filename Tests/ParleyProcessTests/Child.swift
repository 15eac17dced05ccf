import CLinux
import Foundation
import Glibc

/// A running program. What it writes is gathered whenever somebody waits for something. At the latest when
/// this object goes, the process is killed and reaped; should the tests themselves die, `Guardian` does it.
final class Child {
    enum Exit: Equatable {
        case exited(Int32)
        case signalled(Int32)
    }

    let pid: pid_t
    private(set) var exit: Exit?
    private(set) var output: [UInt8] = []
    private(set) var errors: [UInt8] = []

    private var outputPipe: Int32
    private var errorPipe: Int32
    private let handle: Int32
    /// How much of `output` has been taken as lines.
    private var taken = 0

    /// - Parameters:
    ///   - input: what it reads from its standard input.
    ///   - terminal: its standard output and error, instead of two pipes.
    init(
        _ arguments: [String], environment: [String: String], input: [UInt8] = [], terminal: Terminal? = nil
    ) throws {
        let standardInput = try Self.file(holding: input)
        defer { close(standardInput) }
        let (outputEnds, errorEnds) = try terminal.map { ($0.ends, $0.ends) } ?? (Self.pipe(), Self.pipe())
        (outputPipe, errorPipe) = (outputEnds.reader, terminal == nil ? errorEnds.reader : -1)
        defer { for end in Set([outputEnds.writer, errorEnds.writer]) { close(end) } }
        pid = try spawn(
            arguments, environment: environment, [standardInput, outputEnds.writer, errorEnds.writer])
        Guardian.shared.watch(pid)
        handle = pidfd_open(pid, 0)
        guard handle >= 0 else { throw Trouble("pidfd_open: \(errno)") }
    }

    deinit {
        if exit == nil { reap(waitsAfter: SIGKILL) }
        for descriptor in [outputPipe, errorPipe, handle] where descriptor >= 0 { close(descriptor) }
    }

    // MARK: Telling it something

    func signal(_ number: Int32) {
        if exit == nil { kill(pid, number) }
    }

    /// Ends it without a warning and waits until it has gone.
    func killNow() {
        guard exit == nil else { return }
        reap(waitsAfter: SIGKILL)
        while gather(.zero) {}
    }

    // MARK: Waiting

    /// Reads until the condition holds.
    /// - Returns: whether it came to hold in time; false at once where the process has ended before.
    @discardableResult
    func wait(_ limit: Duration, until condition: (Child) -> Bool) -> Bool {
        let deadline = ContinuousClock.now + limit
        while !condition(self) {
            let left = deadline - ContinuousClock.now
            guard exit == nil, left > .zero else {
                while gather(.zero) {}
                return condition(self)
            }
            gather(left)
        }
        return true
    }

    /// nil where it has not ended in time.
    func end(within limit: Duration) -> Exit? {
        wait(limit) { $0.exit != nil }
        while gather(.zero) {}
        return exit
    }

    /// The next line of its standard output.
    func line(within limit: Duration) -> String? {
        guard wait(limit, until: { $0.output[$0.taken...].contains(UInt8(ascii: "\n")) }) else { return nil }
        let rest = output[taken...]
        let line = rest.prefix { $0 != UInt8(ascii: "\n") }
        taken += line.count + 1
        return String(decoding: line, as: UTF8.self)
    }

    var outputText: String { String(decoding: output, as: UTF8.self) }
    var errorText: String { String(decoding: errors, as: UTF8.self) }

    /// Reads what is there, after waiting for it or for the end.
    /// - Returns: whether there was anything.
    @discardableResult
    private func gather(_ limit: Duration) -> Bool {
        let ending: Int32 = exit == nil ? handle : -1
        var watched = [outputPipe, errorPipe, ending].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        let milliseconds =
            limit.components.seconds * 1000 + limit.components.attoseconds / 1_000_000_000_000_000
        let wait = limit > .zero ? Int32(min(milliseconds, 60_000) + 1) : 0
        guard poll(&watched, 3, wait) > 0 else { return false }
        if watched[0].revents != 0 { Self.read(&outputPipe, into: &output) }
        if watched[1].revents != 0 { Self.read(&errorPipe, into: &errors) }
        if watched[2].revents != 0 { reap(waitsAfter: nil) }
        return true
    }

    private static func read(_ descriptor: inout Int32, into bytes: inout [UInt8]) {
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        let count = Glibc.read(descriptor, &piece, piece.count)
        if count > 0 { return bytes.append(contentsOf: piece[..<count]) }
        close(descriptor)
        descriptor = -1
    }

    private func reap(waitsAfter signal: Int32?) {
        if let signal { kill(pid, signal) }
        var status: Int32 = 0
        var result: pid_t
        repeat {
            result = waitpid(pid, &status, signal == nil ? WNOHANG : 0)
        } while result < 0 && errno == EINTR
        guard result == pid else { return }
        Guardian.shared.forget(pid)
        exit = status & 0x7F == 0 ? .exited((status >> 8) & 0xFF) : .signalled(status & 0x7F)
    }

    // MARK: Descriptors

    private static func pipe() throws -> Terminal.Ends {
        var ends: [Int32] = [0, 0]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw Trouble("pipe: \(errno)") }
        // Large enough that nobody who writes to it has to wait for a test that looks elsewhere.
        _ = fcntl(ends[1], 1031 /* F_SETPIPE_SZ */, 1 << 20)
        return (ends[0], ends[1])
    }

    private static func file(holding bytes: [UInt8]) throws -> Int32 {
        guard !bytes.isEmpty else { return open("/dev/null", O_RDONLY | O_CLOEXEC) }
        let path = NSTemporaryDirectory() + "/parley-input-" + UUID().uuidString
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        defer { unlink(path) }
        return open(path, O_RDONLY | O_CLOEXEC)
    }
}

/// What went wrong in the harness itself.
struct Trouble: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Starts a program with these three descriptors and none of our others. Signals are as a new process
/// expects them.
private func spawn(
    _ arguments: [String], environment: [String: String], _ standard: [Int32]
) throws -> pid_t {
    var (actions, attributes) = (posix_spawn_file_actions_t(), posix_spawnattr_t())
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
        posix_spawn_file_actions_destroy(&actions)
        posix_spawnattr_destroy(&attributes)
    }
    for (number, descriptor) in standard.enumerated() {
        posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
    }
    posix_spawn_file_actions_addclosefrom_np(&actions, 3)
    var (none, usual) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigemptyset(&usual)
    sigaddset(&usual, SIGPIPE)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &usual)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var pid: pid_t = 0
    let words = arguments.map { strdup($0) } + [nil]
    let names = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for pointer in words + names { free(pointer) } }
    let status = posix_spawnp(&pid, arguments[0], &actions, &attributes, words, names)
    guard status == 0 else { throw Trouble("\(arguments[0]) cannot be started: \(status)") }
    return pid
}
