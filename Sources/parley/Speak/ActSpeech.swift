import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

extension Act {
    /// By what a change was made, in a word or two: `set`, `import feed`, `undo of @3kq7`.
    static func words(_ act: Act?) -> String {
        guard let act else { return "void" }
        let tool = act[.tool]?.text ?? ""
        let target = act.targetChange.map { " of \($0.shortAddress)" } ?? ""
        switch Act.Kind(rawValue: act.kind) {
        case .hand: return tool.isEmpty ? "hand" : tool
        case .importing: return "import " + (act[.source]?.text ?? "")
        case .undo: return "undo" + target
        case .redo: return "redo" + target
        case .resolve: return "resolve"
        case .restore: return "restore"
        case nil: return "act \(act.kind)"
        }
    }

    var note: String? { self[.note]?.text }
}

/// Who wrote something, when, on which device, by what act: each change is looked up once.
final class Attribution {
    struct Source {
        var change: ChangeID
        var author: String
        var moment: Instant
        var act: String
        var note: String?

        /// The beginning of the device's name.
        var device: String { String(change.device.text.prefix(8)) }
    }

    let naming: Naming
    private let tx: ReadTransaction
    private var known: [ChangeID: Source] = [:]

    init(_ tx: ReadTransaction, _ naming: Naming) {
        self.tx = tx
        self.naming = naming
    }

    func source(_ origin: Origin) throws -> Source {
        if let source = known[origin.change] { return source }
        let act = try tx.act(of: origin.change)
        let source = Source(
            change: origin.change, author: naming.author(of: origin.change), moment: Instant(origin),
            act: Act.words(act), note: act?.note)
        known[origin.change] = source
        return source
    }

    /// Of a change whose stamp is not at hand.
    func source(_ change: ChangeID) throws -> Source {
        let time = try tx.log.mark(of: change)?.time ?? HybridTime(number: 0)
        return try source(
            Origin(stamp: Stamp(time: time, device: change.device), number: change.number))
    }

    func json(_ source: Source) -> [JSONMember] {
        [
            JSONMember("change", .text(source.change.shortAddress)), JSONMember("by", .text(source.author)),
            JSONMember("at", .text(source.moment.text)),
            JSONMember("device", .text(source.change.device.text)), JSONMember("act", .text(source.act)),
            JSONMember("note", .text(orNull: source.note)),
        ]
    }
}
