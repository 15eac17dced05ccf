import Foundation
import Glibc
import Testing

/// The program under test.
enum Parley {
    /// PARLEY_EXECUTABLE, else what was built here; nil where there is nothing to run.
    static let executable: String? = {
        if let given = ProcessInfo.processInfo.environment["PARLEY_EXECUTABLE"], !given.isEmpty {
            return given
        }
        let built = ["debug", "release"].map { "\(root)/.build/\($0)/parley" }
        let found = built.first { FileManager.default.isExecutableFile(atPath: $0) }
        if found == nil {
            print("process tests are skipped: no parley at \(built.joined(separator: " or "))")
        }
        return found
    }()

    static let isBuilt = executable != nil

    /// The package's root.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static func example(_ name: String) -> String { root + "/Examples/" + name }

    static func command(_ arguments: [String]) throws -> [String] {
        guard let executable else { throw Trouble("there is no parley to run") }
        return [executable] + arguments
    }

    /// Only what a command may rely on; nothing of the developer's own settings.
    static func environment(home: String) -> [String: String] {
        [
            "PARLEY_HOME": home, "HOME": home, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "NO_COLOR": "1", "SWIFT_BACKTRACE": "interactive=no,color=no",
        ]
    }
}

/// A folder that goes with this object.
final class Scratch {
    let path = NSTemporaryDirectory().trimmingSuffix("/") + "/parley-process-" + UUID().uuidString

    init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and says where.
    func file(_ name: String, _ text: String) throws -> String { try file(name, [UInt8](text.utf8)) }

    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name))
        return path + "/" + name
    }

    /// An analyst with a workspace of her own, on this machine alone.
    func founder() throws -> Home {
        let olga = Home(path + "/olga")
        try olga.succeed("init", "ports", "--as", "olga")
        return olga
    }
}

/// How a command ended and what it said.
struct Outcome: CustomStringConvertible {
    /// 0 and up: exited; below: ended by this signal.
    var exit: Int32
    var bytes: [UInt8]
    var errors: String
    var command: String

    var output: String { String(decoding: bytes, as: UTF8.self) }
    var lines: [String] { output.split(separator: "\n").map(String.init) }

    /// The object on its standard output.
    var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any] ?? [:]
    }

    /// Did a defect of Parley or the runtime end it?
    var isCrash: Bool { exit < 0 || exit == 70 || errors.contains("Fatal error") }

    var description: String { "\(command) ended \(exit)\n\(output.prefix(2000))\(errors.prefix(4000))" }
}

/// One analyst's machine: a PARLEY_HOME of its own.
final class Home {
    let path: String
    /// More environment for every command.
    var environment: [String: String] = [:]

    /// - Parameter path: a folder that somebody else removes.
    init(_ path: String) { self.path = path }

    /// - Parameter fileBlocks: files may grow to so many times 512 bytes; a write beyond fails.
    func start(
        _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:],
        terminal: Terminal? = nil, fileBlocks: Int? = nil
    ) throws -> Child {
        let limit = fileBlocks.map { ["/bin/sh", "-c", "trap '' XFSZ; ulimit -f \($0); exec \"$@\"", "sh"] }
        var all = Parley.environment(home: path)
        all.merge(self.environment) { $1 }
        all.merge(environment) { $1 }
        return try Child(
            (limit ?? []) + Parley.command(arguments), environment: all, input: input, terminal: terminal)
    }

    func run(
        _ arguments: String..., input: String = "", environment: [String: String] = [:],
        within limit: Duration = .seconds(60)
    ) throws -> Outcome {
        try run(arguments, input: [UInt8](input.utf8), environment: environment, within: limit)
    }

    func run(
        _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:],
        within limit: Duration = .seconds(60)
    ) throws -> Outcome {
        let child = try start(arguments, input: input, environment: environment)
        guard let outcome = child.outcome(arguments, within: limit) else {
            throw Trouble(
                "parley \(arguments.joined(separator: " ")) has not ended in \(limit): \(child.errorText)")
        }
        return outcome
    }

    /// Runs what must succeed.
    @discardableResult
    func succeed(
        _ arguments: String..., input: String = "", sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Outcome {
        let outcome = try run(arguments, input: [UInt8](input.utf8))
        try #require(outcome.exit == 0, "\(outcome)", sourceLocation: sourceLocation)
        return outcome
    }
}

extension Child {
    /// nil where it has not ended in time.
    func outcome(_ arguments: [String], within limit: Duration) -> Outcome? {
        guard let exit = end(within: limit) else { return nil }
        let number: Int32 =
            switch exit {
            case .exited(let code): code
            case .signalled(let signal): -signal
            }
        return Outcome(
            exit: number, bytes: output, errors: errorText,
            command: "parley " + arguments.joined(separator: " ").prefix(200))
    }
}

extension String {
    func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}

/// `promise: NAME count=N`: the line that Scripts/count-promises sums and compares with its floors.
func promise(_ name: String, _ count: Int) { print("promise: \(name) count=\(count)") }
