import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTrust

extension RecordName {
    var kindName: String { Schema.assessments[tag: kind]?.name ?? "#\(kind)" }

    /// The kind by which texts of fields are read; a kind that this version does not know has base fields only.
    var schema: Kind { Schema.assessments[tag: kind] ?? Kind(kind, kindName, "?", own: []) }
}

extension ChangeID {
    /// `@3kq7`.
    var shortAddress: String { ChangeAddress(self).text() }
}

/// Names of one state of a workspace as people type them, each looked up once.
final class Naming {
    let tx: ReadTransaction
    private let membership: Membership
    private var known: [RecordName: String] = [:]

    init(_ tx: ReadTransaction, _ membership: Membership) {
        self.tx = tx
        self.membership = membership
    }

    /// The handle of the analyst whose device made a change; the device's name where nobody knows whose it is.
    func author(of change: ChangeID) -> String {
        membership.analyst(of: change.device) ?? String(change.device.text.prefix(8))
    }

    func short(_ record: RecordName) throws -> String {
        if let name = known[record] { return name }
        let name = try tx.address(of: record)
        known[record] = name
        return name
    }

    /// What a reference names: its address, or the bare id where no such record is here.
    func reference(_ id: RecordID, whole: Bool = false) -> String {
        guard let record = try? tx.find(id...id, limit: 1).first else { return id.text }
        return whole ? record.fullAddress : (try? short(record)) ?? record.fullAddress
    }

    func register(_ register: RegisterName, of record: RecordName) throws -> String {
        try short(record) + "." + record.schema.text(of: register)
    }
}

extension RecordImage {
    /// The line by which a record is known in a list: its title, or what it has instead of one.
    func headline(_ naming: Naming) -> String {
        if let title = self[Field.titleTag].text, !title.isEmpty { return title }
        if let line = linkLine(naming) ?? estimateLine(naming) { return line }
        let kind = name.schema
        let texts = registers.compactMap { register -> String? in
            guard let type = kind[tag: register.name.field]?.type, type == .text || type == .line else {
                return nil
            }
            return register.value.text
        }
        return texts.first { !$0.isEmpty }?.split(separator: "\n").first.map(String.init) ?? ""
    }

    private func linkLine(_ naming: Naming) -> String? {
        guard let kind = Schema.assessments[name: "link"], kind.tag == name.kind,
            let from = self[kind[name: "from"]?.tag ?? 0].ref, let to = self[kind[name: "to"]?.tag ?? 0].ref
        else { return nil }
        let relation = self[kind[name: "rel"]?.tag ?? 0].text ?? "?"
        return "\(naming.reference(from)) \(relation) \(naming.reference(to))"
    }

    /// `olga 70 %, ken 60 %: Port closure at Riga`.
    private func estimateLine(_ naming: Naming) -> String? {
        guard let kind = Schema.assessments[name: "estimate"], kind.tag == name.kind,
            let id = self[kind[name: "judgment"]?.tag ?? 0].ref
        else { return nil }
        let values = registers.compactMap { register -> String? in
            guard register.name.field == kind[name: "value"]?.tag, let p = register.value.list?.first?.int
            else { return nil }
            return "\(register.name.key ?? "?") \(FieldType.percent(p))"
        }
        let judgment = try? naming.tx.find(id...id, limit: 1).first.flatMap { try naming.tx.image(of: $0) }
        let title = judgment?[Field.titleTag].text ?? naming.reference(id)
        return values.isEmpty ? title : values.joined(separator: ", ") + ": " + title
    }

    var isDeleted: Bool { self[Field.deletedTag] == .bool(true) }
}
