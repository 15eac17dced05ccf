import Foundation
import Testing

/// A place of its own for one test: an empty PARLEY_HOME, and `parley` as a user runs it.
final class World {
    struct Result {
        var exit: Int32
        var out: String
        var err: String

        /// Standard output without the line break at its end.
        var word: String { out.trimmingCharacters(in: .newlines) }
    }

    let home: String
    var environment: [String: String]
    /// What `$NAME` stands for in the command lines of rows.
    var names: [String: String] = [:]

    init() throws {
        home = FileManager.default.temporaryDirectory.path + "/parley-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        environment = [
            "PARLEY_HOME": home, "HOME": home, "TERM": "xterm", "PATH": Self.products + ":/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
        ]
    }

    deinit { try? FileManager.default.removeItem(atPath: home) }

    /// The folder that holds the built executable, beside this test bundle.
    static let products: String = {
        let path =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: path).deletingLastPathComponent().path
    }()

    static let parley = products + "/parley"

    @discardableResult
    func parley(_ arguments: [String], input: String = "") throws -> Result {
        try run(Self.parley, arguments, input: input)
    }

    /// By the shell, for pipes.
    func shell(_ script: String) throws -> Result { try run("/bin/sh", ["-c", script]) }

    func run(_ program: String, _ arguments: [String], input: String = "") throws -> Result {
        let folder = home + "/io-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data(input.utf8).write(to: URL(fileURLWithPath: folder + "/in"))
        let exit = try Spawned(
            program, arguments, environment: environment, folder: home,
            streams: (folder + "/in", folder + "/out", folder + "/err")
        ).wait()
        func text(_ name: String) throws -> String {
            String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")), as: UTF8.self)
        }
        return Result(exit: exit, out: try text("out"), err: try text("err"))
    }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: home + "/" + name))
    }
}

/// One command line and what it must do. `out` and `err` are regular expressions that must be found; an empty
/// one says that nothing may be printed.
struct Row: Sendable {
    var line: String
    var exit: Int32
    var out: String?
    var err: String?
    var input: String
    /// The name under which standard output is kept for later rows.
    var keep: String?

    init(
        _ line: String, _ exit: Int32 = 0, out: String? = nil, err: String? = nil, input: String = "",
        keep: String? = nil
    ) {
        (self.line, self.exit, self.out, self.err, self.input, self.keep) = (
            line, exit, out, err, input, keep
        )
    }

    /// The words of the line: divided by spaces outside of double quotes.
    func words(_ names: [String: String]) -> [String] {
        var words: [String] = []
        var word: String?
        var isQuoted = false
        for character in line {
            switch character {
            case "\"":
                isQuoted.toggle()
                word = word ?? ""
            case " " where !isQuoted:
                if let word { words.append(word) }
                word = nil
            default: word = (word ?? "") + String(character)
            }
        }
        if let word { words.append(word) }
        let longestFirst = names.sorted { $0.key.count > $1.key.count }
        return words.map { word in
            longestFirst.reduce(word) { $0.replacingOccurrences(of: "$" + $1.key, with: $1.value) }
        }
    }
}

extension World {
    func play(_ rows: [Row]) throws {
        for row in rows {
            let result = try parley(row.words(names), input: row.input)
            #expect(result.exit == row.exit, "parley \(row.line)\n\(result.out)\(result.err)")
            try Self.check(result.out, row.out, "standard output of parley \(row.line)")
            try Self.check(result.err, row.err, "standard error of parley \(row.line)")
            if let name = row.keep { names[name] = result.word }
        }
    }

    private static func check(_ text: String, _ pattern: String?, _ what: String) throws {
        guard let pattern else { return }
        if pattern.isEmpty {
            #expect(text.isEmpty, "\(what) shall be empty")
        } else {
            let isFound = try Regex(pattern).firstMatch(in: text) != nil
            #expect(isFound, "\(what):\n\(text)shall hold \(pattern)")
        }
    }
}
