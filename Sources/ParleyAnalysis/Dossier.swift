package import ParleyCore

/// The input of every method: records as a workspace shows them, with what is known of each. Deleted records
/// are left out. Nothing here reads a file or a clock.
package struct Dossier: Sendable {
    /// The day on which things are due, or not yet.
    package let today: Day
    /// In reading order.
    package let records: [DossierRecord]
    let index: DossierIndex

    /// - Parameter images: each record once, in any order, its registers in the order of `RegisterName`.
    package init(records images: [RecordImage], facts: [RecordID: RecordFacts] = [:], today: Day) {
        self.init(ordered: Self.ordered(Self.read(images, facts)), today: today)
    }

    private init(ordered records: [DossierRecord], today: Day) {
        self.today = today
        self.records = records
        index = DossierIndex(records)
    }

    /// Strays, which lie under no record and to which none refers, with whatever of this dossier they refer
    /// to, and those in turn: nothing else can be reached from them.
    package func adding(
        strays images: [RecordImage], facts: [RecordID: RecordFacts]
    ) -> (dossier: Dossier, strays: [DossierRecord]) {
        let strays = Self.ordered(Self.read(images, facts))
        var reached: [RecordID: DossierRecord] = [:]
        var fresh = strays
        while !fresh.isEmpty {
            let found = fresh.flatMap { $0.references.compactMap { self[$0.target] } }
            fresh = found.filter { reached.updateValue($0, forKey: $0.id) == nil }
        }
        let all = reached.isEmpty ? strays : Self.ordered(strays + reached.values)
        return (Dossier(ordered: all, today: today), strays)
    }

    private static func read(
        _ images: [RecordImage], _ facts: [RecordID: RecordFacts]
    ) -> [DossierRecord] {
        images.compactMap { image in
            guard let kind = Schema.assessments[tag: image.name.kind],
                image[Field.deletedTag] != .bool(true)
            else { return nil }
            return DossierRecord(image, facts[image.name.id] ?? .unknown, kind)
        }
    }

    private static func ordered(_ records: [DossierRecord]) -> [DossierRecord] {
        ReadingOrder.sorted(records.map(\.readingOrder)).map { records[$0] }
    }

    // MARK: Records

    /// The record of an id; nil where a reference dangles.
    package subscript(id: RecordID) -> DossierRecord? { index.places[id].map { records[$0] } }

    /// All records of one kind, in order.
    package func all(_ kind: String) -> ArraySlice<DossierRecord> {
        guard let tag = Schema.assessments[name: kind]?.tag else { return [] }
        let start = records.firstPlace { $0.name.kind >= tag }
        return records[start...].prefix { $0.name.kind == tag }
    }

    /// The records whose `parent` this is, in order.
    package func children(of id: RecordID, kind: String? = nil) -> [DossierRecord] {
        (index.children[id] ?? []).map { records[$0] }.filter { kind == nil || $0.kind.name == kind }
    }

    package func parent(of id: RecordID) -> DossierRecord? {
        self[id]?.ref("parent").flatMap { self[$0] }
    }

    /// The assessment to which a record belongs: itself, or the nearest above it. A cycle of parents has none.
    package func assessment(of id: RecordID) -> DossierRecord? {
        var (seen, next): (Set<RecordID>, DossierRecord?) = ([], self[id])
        while let record = next, seen.insert(record.id).inserted {
            if record.kind.name == "assessment" { return record }
            next = parent(of: record.id)
        }
        return nil
    }

    /// A record and all below it, in order.
    package func tree(of root: RecordID) -> [DossierRecord] {
        var (found, open): (Set<RecordID>, [RecordID]) = ([], [root])
        while let next = open.popLast() {
            guard found.insert(next).inserted else { continue }
            open += (index.children[next] ?? []).map { records[$0].id }
        }
        return found.compactMap { index.places[$0] }.sorted().map { records[$0] }
    }

    /// What people say about a record, in order.
    package func notes(about id: RecordID) -> [DossierRecord] {
        (index.notes[id] ?? []).map { records[$0] }
    }

    // MARK: Dangling references

    /// References to records that are not here: deleted, or never arrived.
    package func dangling() -> [DanglingReference] {
        records.flatMap { record in
            record.references.filter { self[$0.target] == nil }.map {
                DanglingReference(record: record.id, field: $0.field, target: $0.target)
            }
        }
    }
}

package struct DanglingReference: Equatable, Sendable {
    package var record: RecordID
    package var field: String
    package var target: RecordID

    package init(record: RecordID, field: String, target: RecordID) {
        (self.record, self.field, self.target) = (record, field, target)
    }
}

extension DossierRecord {
    /// Every reference that the record makes, in plain fields and in tuples; keyed ones hold none.
    package var references: [(field: String, target: RecordID)] {
        image.registers.flatMap { register -> [(field: String, target: RecordID)] in
            guard register.name.key == nil, let field = kind[tag: register.name.field] else { return [] }
            switch field.type {
            case .ref: return register.value.ref.map { [(field.name, $0)] } ?? []
            case .tuple(let components):
                return zip(components, register.value.list ?? []).compactMap { component, item in
                    component.type == .ref ? item.ref.map { (field.name, $0) } : nil
                }
            default: return []
            }
        }
    }
}
