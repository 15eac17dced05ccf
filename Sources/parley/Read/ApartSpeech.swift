import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

/// What healing took out of the log and could not write again: who had written it, when, what, and why it does
/// not stand. It is kept to be read; whoever wants a value back writes it.
struct ApartSpeech {
    private let speech: ChronicleSpeech

    init(_ naming: Naming) { speech = ChronicleSpeech(naming) }

    /// What each object has besides a log's.
    static let members = ["reason", "since"]

    func show(_ found: [(deed: Deed, apart: SetApart)], _ limit: Int, _ console: Console) throws {
        let shown = found.prefix(limit)
        if console.options.json { return try console.json(.array(shown.map { json($0.deed, $0.apart) })) }
        if found.isEmpty { return try console.note("Nothing is kept apart.") }
        try console.page(
            try shown.flatMap { deed, apart in
                [reason(apart, console)] + (try speech.patch(deed, console))
            })
        if found.count > limit { try console.note("\(limit) shown, there are more: --limit.") }
        try console.hint("write a value back: parley set ID FIELD=VALUE")
    }

    private func reason(_ apart: SetApart, _ console: Console) -> String {
        let why =
            switch Healing.Cause(rawValue: apart.reason) {
            case .fork: "the folder was copied, and it rested on the branch that does not stand"
            case .foreignFork: "a colleague's folder was copied, and the server holds the other branch"
            case .clock: "it rested on what was stamped too far ahead"
            case .stamp: "it rested on what was not in order"
            case .damage: "its bytes are not those that were written"
            case nil: visible(apart.reason)
            }
        return "kept apart since \(console.time(Instant(milliseconds: apart.moved))): \(why)"
    }

    private func json(_ deed: Deed, _ apart: SetApart) -> JSON {
        guard case .object(let members) = speech.json(deed) else { return .null }
        return .object(
            members + [
                JSONMember("reason", .text(apart.reason)),
                JSONMember("since", .text(Instant(milliseconds: apart.moved).text)),
            ])
    }
}
