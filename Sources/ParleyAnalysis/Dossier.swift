package import ParleyCore

/// The input of every method: records as a workspace shows them, with what is known of each. Deleted records
/// are left out. Nothing here reads a file or a clock.
package struct Dossier: Sendable {
    /// The day on which things are due, or not yet.
    package let today: Day
    /// By kind, then by order key (those without come last), creation and id: the same on every replica.
    package let records: [DossierRecord]
    let index: DossierIndex

    /// - Parameter images: each record once, in any order, its registers in the order of `RegisterName`.
    package init(records images: [RecordImage], facts: [RecordID: RecordFacts] = [:], today: Day) {
        self.today = today
        records = Self.ordered(images, facts)
        index = DossierIndex(records)
    }

    private static func ordered(
        _ images: [RecordImage], _ facts: [RecordID: RecordFacts]
    ) -> [DossierRecord] {
        let live = images.compactMap { image -> DossierRecord? in
            guard let kind = Schema.assessments[tag: image.name.kind],
                image[Field.deletedTag] != .bool(true)
            else { return nil }
            return DossierRecord(image, facts[image.name.id] ?? .unknown, kind)
        }
        return live.map { (key: SortKey($0), record: $0) }.sorted { $0.key < $1.key }.map(\.record)
    }

    private struct SortKey: Comparable {
        var kind: UInt32
        var order: String?
        var created: Int64
        var id: RecordID

        init(_ record: DossierRecord) {
            kind = record.name.kind
            order = record.text("order")
            created = record.facts.created.milliseconds
            id = record.id
        }

        static func < (left: SortKey, right: SortKey) -> Bool {
            if left.kind != right.kind { return left.kind < right.kind }
            switch (left.order, right.order) {
            case (let one?, let two?):
                if one.utf8.elementsEqual(two.utf8) { break }
                return one.utf8.lexicographicallyPrecedes(two.utf8)
            case (nil, nil): break
            case (let one, _): return one != nil
            }
            return (left.created, left.id) < (right.created, right.id)
        }
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
    /// Every reference that the record makes, in plain fields and in tuples.
    package var references: [(field: String, target: RecordID)] {
        image.registers.flatMap { register -> [(field: String, target: RecordID)] in
            guard let field = kind[tag: register.name.field] else { return [] }
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
