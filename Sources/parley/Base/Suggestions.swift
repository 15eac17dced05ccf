import ArgumentParser
import ParleyCore

/// Answers to mistyped command lines. ArgumentParser would say "2 unexpected arguments" of `parley lst x`.
enum Suggestions {
    static let commands = Parley.configuration.subcommands.map { $0.name }

    static func check(_ arguments: [String]) throws {
        guard let word = command(in: arguments) else { return }
        if word == "help" { return try checkTopic(arguments) }
        guard commands.contains(word) else {
            throw unknown("command", word, among: commands + ["help"], hint: "all commands: parley --help")
        }
        try checkAction(of: word, arguments)
    }

    /// `parley config lst`.
    private static func checkAction(of word: String, _ arguments: [String]) throws {
        guard let group = Parley.configuration.subcommands.first(where: { $0.name == word }),
            let index = arguments.firstIndex(of: word),
            let action = command(in: Array(arguments[(index + 1)...]))
        else { return }
        let actions = group.configuration.subcommands.map { $0.name }
        guard !actions.isEmpty, !actions.contains(action) else { return }
        // Without an action `ach` takes an assessment, and options with values.
        if word == Ach.name, nearest(to: action, among: actions).isEmpty { return }
        throw unknown(
            "command", "\(word) \(action)", typed: action, among: actions, hint: "see: parley \(word) --help")
    }

    /// The first word that is neither an option nor an option's value.
    static func command(in arguments: [String]) -> String? {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            if word == "--" { return rest.first }
            if ["-w", "--workspace", "--color", "--fields", "--limit"].contains(word) {
                rest = rest.dropFirst()
            } else if !word.hasPrefix("-") {
                return word
            }
        }
        return nil
    }

    /// `parley help exit-codes`: a topic of ours, else the parser's help for a command.
    private static func checkTopic(_ arguments: [String]) throws {
        let words = arguments.filter { !$0.hasPrefix("-") }
        guard let index = words.firstIndex(of: "help"), index + 1 < words.count else { return }
        let word = words[index + 1]
        if let topic = HelpTopic(rawValue: word) { throw CleanExit.message(topic.text) }
        guard !commands.contains(word) else { return }
        let topics = HelpTopic.allCases.map(\.rawValue)
        throw unknown(
            "topic", word, among: topics + commands, hint: "topics: \(topics.joined(separator: ", "))")
    }

    private static func unknown(
        _ what: String, _ word: String, typed: String? = nil, among names: [String], hint: String
    ) -> CommandFailure {
        let near = nearest(to: typed ?? word, among: names).prefix(3)
        let meant = near.isEmpty ? "" : " Did you mean \(near.joined(separator: " or "))?"
        return CommandFailure(.usage, "usage", "There is no \(what) \"\(word)\".\(meant)", hint: hint)
    }

    static func helpCommand(for arguments: [String]) -> String {
        guard let word = command(in: arguments), commands.contains(word) else { return "parley --help" }
        return "parley \(word) --help"
    }

    /// The parser's message as a sentence.
    static func sentence(_ message: String) -> String {
        guard let last = message.last, last.isLetter || last.isNumber || last == "'" || last == ">" else {
            return message
        }
        return message + "."
    }
}

extension ParsableCommand {
    /// As people type it. Each command states it in its configuration: made from the types' names, those of
    /// all commands would cost every process 5 ms.
    static var name: String { _commandName }
}
