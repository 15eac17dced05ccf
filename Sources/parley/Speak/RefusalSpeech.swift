import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyTerminal

/// What the server does not take, in one sentence each.
enum RefusalSpeech {
    /// - Parameter refusal: its text is the server's; whoever prints the sentence makes it visible.
    static func sentence(_ standing: StandingRefusal) -> String {
        let change = standing.refusal.change
        let whose = standing.isOwn ? "yours" : standing.author ?? "device " + change.device.text.prefix(8)
        let many = standing.count == 1 ? "1 change" : "\(standing.count) changes"
        let from = standing.count == 1 ? change.shortAddress : "from \(change.shortAddress) on"
        return "The server does not take \(many) of \(whose), \(from): \(standing.refusal.text)."
    }

    /// What to do about it.
    static func hint(_ standing: StandingRefusal) -> String {
        switch standing.refusal.reason {
        case .clock: "set this machine's clock right; the changes stay here and go out when the time has come"
        case .permission: "the changes stay here; ask an admin of this workspace to let you write"
        case .quota: "the changes stay here; ask whoever runs the server for room"
        case .gap, .context:
            "the changes stay here and go out once whoever has what is missing has synced; look: parley status"
        case .unknown, .signature, .stamp, .malformed, .fork:
            "the changes stay here; look: parley doctor --verify"
        }
    }

    static func json(_ standing: StandingRefusal) -> JSON {
        [
            "change": .text(standing.refusal.change.shortAddress), "count": .int(Int64(standing.count)),
            "by": .text(orNull: standing.author), "own": .bool(standing.isOwn),
            "reason": .text("\(standing.refusal.reason)"), "text": .text(standing.refusal.text),
        ]
    }
}

extension Console {
    /// What is refused by the time that a session has ended is partly done; the rest has gone through.
    func report(_ refusals: [Refusal], of workspace: Workspace) throws {
        guard let first = refusals.first else { return }
        let chains = Set(refusals.map(\.change.device))
        let standing = try workspace.standingRefusals().filter { chains.contains($0.refusal.change.device) }
        let more = standing.count > 1 ? " So it is with \(standing.count - 1) more devices' changes." : ""
        throw CommandFailure(
            .partly, "refused",
            standing.first.map { RefusalSpeech.sentence($0) + more }
                ?? "The server does not take a change: \(first.text).",
            hint: standing.first.map { RefusalSpeech.hint($0) })
    }
}
