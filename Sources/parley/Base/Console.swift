import Foundation
import ParleyClient
import ParleyCore
import ParleyTerminal

/// What a command sees of the world outside its workspace: the two streams, the options, the environment,
/// the person at the keyboard.
final class Console {
    let options: GlobalOptions
    let environment: [String: String]
    let out: Sink
    let messages: Sink
    /// Taken once, so that one output tells one time.
    let now: Instant
    let paths: Paths
    /// The workspace that this command may have written to.
    var written: Workspace?

    init(_ options: GlobalOptions, environment: [String: String] = ProcessInfo.processInfo.environment) throws
    {
        self.options = options
        self.environment = environment
        out = Sink(1, choice: options.color, environment: environment)
        messages = Sink(2, choice: options.color, environment: environment)
        now = Instant(milliseconds: SystemAmbient.now())
        paths = try Paths(environment: environment)
    }

    /// The columns of standard output, where that is a terminal.
    var width: Int? { out.width(environment: environment) }

    func configuration(workspace folder: String? = nil) throws -> Configuration {
        let configuration = try Configuration(paths: paths, workspace: folder)
        for warning in configuration.warnings { try note(warning) }
        return configuration
    }

    // MARK: Data

    func line(_ text: String) throws { try out.line(text) }

    /// One line of JSON, narrowed by `--fields`.
    func json(_ value: JSON) throws {
        try out.line((options.fieldNames.map { value.narrowed(to: $0) } ?? value).line)
    }

    /// A table for a person, or TSV for a program.
    func table(_ table: TextTable) throws {
        guard out.isTerminal else {
            for row in table.tabSeparated { try out.line(row) }
            return
        }
        try page(table.lines(width: width, colour: out.colour))
    }

    /// Long output goes through a pager, where somebody is there to turn the pages.
    func page(_ lines: [String]) throws {
        let rows = Sink.size(of: out.descriptor)?.rows ?? 0
        let command = Pager.command(environment: environment)
        if out.isTerminal, !options.noPager, lines.count >= rows, rows > 0, let command {
            try out.flush()
            if try Pager.show(lines.joined(separator: "\n") + "\n", by: command) { return }
        }
        for line in lines { try out.line(line) }
    }

    // MARK: Messages

    /// Says something to the person; not data.
    func note(_ message: String) throws {
        guard !options.quiet else { return }
        try out.flush()
        try messages.line(visibleBlock(message, indent: 2))
        try messages.flush()
    }

    /// A next command; not for programs.
    func hint(_ hint: String) throws {
        guard messages.isTerminal, !options.json else { return }
        try note("  " + hint)
    }

    func finish() throws {
        try out.flush()
        try messages.flush()
    }
}

extension Console {
    /// `2 h ago` for a person, the moment itself for a program.
    func time(_ moment: Instant) -> String {
        out.isTerminal ? TimeWords.relative(moment, to: now) : moment.text
    }
}
