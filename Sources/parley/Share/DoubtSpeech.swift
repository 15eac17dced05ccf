import ParleyClient
import ParleyTerminal

/// What does not fit together in what a server said, in one plain sentence each, and what to do about it.
enum DoubtSpeech {
    static func sentence(_ doubt: Doubt) -> String {
        let count = doubt.count
        let whose = doubt.of.map { " of \($0)" } ?? ""
        switch doubt.kind {
        case .badStatements:
            return
                "The server sent \(statements(count)) that cannot be read or are not signed as they say; passed over."
        case .strangeStatements:
            return
                "The server sent \(statements(count)) of nobody who has a voice in this workspace; passed over."
        case .missingStatements:
            return
                "The server keeps back \(statements(count)) on which others rest: it may hide that somebody was put out, or a key."
        case .lostStatements:
            return
                "The server does not hold \(statements(count)) that it once held or was given; given back."
        case .inviteUsedTwice:
            return
                "Two devices came in by one invite\(doubt.of.map { " for \($0)" } ?? ""): only the first by the rules counts. The server should have prevented it."
        case .missingChanges:
            return
                "The server says that it holds \(counted(count, "change"))\(whose) which it does not hand over."
        case .otherChanges:
            return
                "The server handed over other changes\(whose) than it says it holds; those that came are signed and stand."
        case .claimedFork:
            return
                "The server said that there is another branch of changes\(whose), and does not hand it over: it may have made that up. What was kept apart for it is here (parley log --apart), and comes back with a colleague's bundle or another server."
        case .falseAcknowledgement:
            return "The server acknowledged what it was never sent; not believed."
        case .refusalOfNothing: return "The server refused what it was never sent; passed over."
        case .falseRefusal:
            return
                "The server refused a change of yours for a fault that it does not have; the change stays as it is."
        case .strangeTime: return "The server says a time that no clock shows; not believed."
        case .clocksApart:
            let side = count > 0 ? "ahead of" : "behind"
            return
                "The server's clock is \(span(abs(count))) \(side) this machine's; your changes are dated by the server's."
        }
    }

    /// What to do.
    static func hint(_ doubt: Doubt) -> String {
        switch doubt.kind {
        case .claimedFork, .missingStatements, .lostStatements, .missingChanges, .otherChanges,
            .inviteUsedTwice:
            "compare with a colleague without the server: parley bundle create FILE, parley bundle apply FILE    who is in: parley members"
        case .strangeTime, .clocksApart: "ask whoever runs the server what time it is there"
        default: "if it goes on, ask whoever runs the server; your work is intact"
        }
    }

    static func json(_ doubt: Doubt) -> JSON {
        [
            "doubt": .text(doubt.kind.rawValue), "count": .int(doubt.count), "of": .text(orNull: doubt.of),
            "text": .text(sentence(doubt)),
        ]
    }

    private static func statements(_ count: Int) -> String { counted(count, "membership statement") }

    private static func span(_ seconds: Int) -> String {
        seconds >= 2 * 86_400 ? counted(seconds / 86_400, "day") : counted(seconds / 3600, "hour")
    }
}
