import ParleyTerminal

/// Why a command has ended without its result: the only kind of error that reaches a person.
struct CommandFailure: Error, Equatable {
    var exit: Exit
    /// A word for scripts; stable.
    var code: String
    /// A sentence: what was asked, what is wrong, what is allowed.
    var message: String
    /// What to do next.
    var hint: String?

    init(_ exit: Exit, _ code: String, _ message: String, hint: String? = nil) {
        self.exit = exit
        self.code = code
        self.message = message
        self.hint = hint
    }
}

extension CommandFailure {
    /// Two lines for a person, or one JSON object for a program. What is quoted in a message may come from
    /// others, so all of it is made visible.
    func text(json: Bool) -> String {
        guard !json else { return self.json.line + "\n" }
        let hint = hint.map { "  " + visibleBlock($0, indent: 2) + "\n" } ?? ""
        return "parley: " + visibleBlock(message, indent: 8) + "\n" + hint
    }

    private var json: JSON {
        [
            "error": [
                "exit": .int(Int64(exit.rawValue)), "code": .text(code), "message": .text(message),
                "hint": .text(orNull: hint),
            ]
        ]
    }
}
