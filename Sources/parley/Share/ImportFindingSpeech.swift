import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

extension ImportFinding {
    var place: String { column > 0 ? "line \(line), column \(column)" : "line \(line)" }
}

extension DraftFault {
    var place: String { column > 0 ? "line \(line), column \(column)" : "line \(line)" }
}

/// Findings of an import as lines and as JSON.
struct ImportFindingSpeech {
    private let files: [String]

    init(_ files: [String]) { self.files = files }

    /// All of it, value by value, for who asks what would happen.
    func lines(_ finding: ImportFinding, _ tx: ReadTransaction, _ membership: Membership) throws -> [String] {
        let naming = Naming(tx, membership)
        switch finding.what {
        case .refused: return [visible("refused  \(place(finding)): \(finding.reason)")]
        case .new: return try news(finding, naming)
        case .absent:
            let headline = try finding.record.flatMap { try tx.image(of: $0)?.headline(naming) } ?? ""
            return [visible("absent   \(try name(finding, naming))  \(headline)")]
        case .changed, .kept, .older:
            let word = finding.what.rawValue.padded(to: 9)
            return try finding.fields.map { visible(word + (try value($0, finding, naming))) }
        }
    }

    private func news(_ finding: ImportFinding, _ naming: Naming) throws -> [String] {
        guard let record = finding.record else { return [] }
        let speech = ValueSpeech(naming: naming)
        let values = finding.fields.map { field in
            let text = speech.text(field.new, of: field.register, in: record)
            return visible("         \(record.schema.text(of: field.register)): \"\(text)\"")
        }
        return [visible("new      \(try name(finding, naming))  (\(place(finding)))")] + values
    }

    /// `J-88PD.title: "theirs" -> "the source's"`.
    private func value(_ field: ImportFinding.Field, _ finding: ImportFinding, _ naming: Naming) throws
        -> String
    {
        guard let record = finding.record else { return "" }
        let speech = ValueSpeech(naming: naming)
        let text = { (value: Value?) in
            value.map { "\"" + speech.text($0, of: field.register, in: record) + "\"" } ?? "nothing"
        }
        let name = try naming.register(field.register, of: record)
        switch finding.what {
        case .kept: return "\(name): \(text(field.old)); the source says \(text(field.new))"
        case .older: return "\(name): \(text(field.old)) is here; the row says \(text(field.new))"
        default: return "\(name): \(text(field.old)) -> \(text(field.new))"
        }
    }

    /// One line of the report.
    func note(_ finding: ImportFinding, _ tx: ReadTransaction, _ membership: Membership) throws -> String {
        if finding.what == .refused { return "\(place(finding)): \(finding.reason)" }
        let naming = Naming(tx, membership)
        guard let field = finding.fields.first, let record = finding.record else { return "" }
        let speech = ValueSpeech(naming: naming)
        let short = { (value: Value) in
            "\"" + visible(speech.text(value, of: field.register, in: record)).cut(to: 40) + "\""
        }
        let name = try naming.register(field.register, of: record)
        let says = finding.what == .kept ? "the source says" : "the row says"
        return
            "\(finding.what.rawValue) \(name): \(short(field.old ?? .null)); \(says) \(short(field.new)) (\(place(finding)))"
    }

    private func name(_ finding: ImportFinding, _ naming: Naming) throws -> String {
        try finding.record.map { try naming.short($0) } ?? ""
    }

    private func place(_ finding: ImportFinding) -> String {
        files.count == 1 ? finding.place : "\(files[finding.file]), \(finding.place)"
    }

    func json(_ finding: ImportFinding, _ tx: ReadTransaction, _ membership: Membership) throws -> JSON {
        let speech = ValueSpeech(naming: Naming(tx, membership))
        let fields = finding.fields.map { field -> JSON in
            guard let record = finding.record else { return .null }
            return [
                "field": .text(record.schema.text(of: field.register)),
                "old": field.old.map { speech.json($0, of: field.register, in: record) } ?? .null,
                "new": speech.json(field.new, of: field.register, in: record),
            ]
        }
        return json(finding, fields)
    }

    /// What is refused is no record, so nothing of it is looked up.
    func json(refusal finding: ImportFinding) -> JSON { json(finding, []) }

    private func json(_ finding: ImportFinding, _ fields: [JSON]) -> JSON {
        [
            "what": .text(finding.what.rawValue), "file": .text(files[finding.file]),
            "line": .int(finding.line), "column": .int(finding.column),
            "id": .text(orNull: finding.record?.fullAddress), "fields": .array(fields),
            "reason": .text(orNull: finding.reason.isEmpty ? nil : finding.reason),
        ]
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
