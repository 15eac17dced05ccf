import ArgumentParser
import Foundation
import ParleyTerminal

/// Runs one command line and ends the process.
enum Driver {
    static func main(_ arguments: [String]) -> Never {
        Sink.ignoreClosedPipes()
        let isJSON = arguments.prefix { $0 != "--" }.contains("--json")
        do {
            try Suggestions.check(arguments)
            var command = try parse(arguments)
            try command.run()
            exit(Exit.done.rawValue)
        } catch {
            exit(end(error, json: isJSON))
        }
    }

    private static func parse(_ arguments: [String]) throws -> any ParsableCommand {
        do { return try Parley.parseAsRoot(arguments) } catch {
            guard Parley.exitCode(for: error) != .success else { throw error }
            throw CommandFailure(
                .usage, "usage", Suggestions.sentence(Parley.message(for: error)),
                hint: "see: " + Suggestions.helpCommand(for: arguments))
        }
    }

    /// Says what there is to say and returns the number to end with.
    private static func end(_ error: any Error, json: Bool) -> Int32 {
        if let code = error as? ExitCode { return code.rawValue }
        if error as? SinkError == .closed { return Exit.done.rawValue }
        if !(error is CommandFailure), Parley.exitCode(for: error) == .success {
            return say(Parley.fullMessage(for: error) + "\n", to: 1, then: .done)
        }
        let failure = CommandFailure(describing: error)
        return say(failure.text(json: json), to: 2, then: failure.exit)
    }

    private static func say(_ text: String, to descriptor: Int32, then exit: Exit) -> Int32 {
        // Where even this cannot be said, the number still tells.
        try? Sink.writeAll(Array(text.utf8), to: descriptor)
        return exit.rawValue
    }
}
