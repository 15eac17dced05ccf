internal import GRDB
internal import ParleyCore

/// Where records of one kind stand in their table.
package struct RecordRows: Sendable {
    package let kind: UInt32
    package let rows: [Int64]
    /// Those that have keyed registers beside tags and keys.
    let keyed: Set<Int64>

    package var count: Int { rows.count }
}

/// The live records of some kinds, by kind and in reading order.
package struct RecordPlaces: Sendable {
    /// They lie under no record, and none refers to them. Imports bring in such by the hundred thousand, and
    /// whoever looks at one needs nothing but it and what it refers to.
    package internal(set) var strays: [RecordRows] = []
    package internal(set) var others: [RecordRows] = []
}

extension ReadTransaction {
    /// Tells strays from the records that hang together.
    package func places(of kinds: [UInt32]) throws -> RecordPlaces {
        var referred: Set<RecordID> = []
        var known: [UInt32: [Place]] = [:]
        for table in LiveSchema.assessments.wide {
            guard let kind = table.kind else { continue }
            try scan(table, kind, &referred) { place in
                if kinds.contains(kind.tag) { known[kind.tag, default: []].append(place) }
            }
        }
        var places = RecordPlaces()
        for kind in Set(kinds).sorted() {
            let all = (known.removeValue(forKey: kind) ?? []).sorted { $0.order < $1.order }
            let keyed = try keyed(of: kind)
            let isStray = { (place: Place) in !place.isUnder && !referred.contains(place.order.id) }
            let (others, strays) = (all.filter { !isStray($0) }, all.filter(isStray))
            places.strays.append(RecordRows(kind: kind, rows: strays.map(\.row), keyed: keyed))
            places.others.append(RecordRows(kind: kind, rows: others.map(\.row), keyed: keyed))
        }
        return places
    }

    /// One walk instead of a search for each of many records that have none.
    private func keyed(of kind: UInt32) throws -> Set<Int64> {
        let rows = try HotStatement(
            db,
            """
            SELECT DISTINCT row FROM register WHERE kind = ?1 AND key <> ''
                AND field NOT IN (\(Field.tagsTag), \(Field.keysTag))
            """)
        rows.bind(1, Int64(kind))
        defer { rows.reset() }
        var keyed: Set<Int64> = []
        while try rows.step() { keyed.insert(rows.int(0)) }
        return keyed
    }

    private struct Place {
        var row: Int64
        var order: ReadingOrder
        var isUnder: Bool
    }

    /// One walk through a table: where its live records stand, and whom they refer to.
    private func scan(
        _ table: LiveTable, _ kind: Kind, _ referred: inout Set<RecordID>, _ body: (Place) -> Void
    ) throws {
        let columns = table.columns.filter(\.holdsReferences)
        let names = ["row", "id", "created", "\"order\"", "parent"] + columns.map(\.quoted)
        let rows = try HotStatement(
            db, "SELECT \(names.joined(separator: ", ")) FROM \"\(table.name)\" WHERE deleted IS NOT 1")
        defer { rows.reset() }
        while try rows.step() {
            guard let id = rows.id(1) else { continue }
            let name = RecordName(kind: kind.tag, id: RecordID(id))
            let order = ReadingOrder(name, key: rows.text(3), created: rows.int(2))
            body(Place(row: rows.int(0), order: order, isUnder: !rows.isNull(4)))
            for (place, column) in columns.enumerated() where !rows.isNull(Int32(place) + 5) {
                let value = column.value(Int32(place) + 5, of: rows)
                if let target = value.ref { referred.insert(target) }
                for part in value.list ?? [] { if let target = part.ref { referred.insert(target) } }
            }
        }
    }
}

extension LiveColumn {
    fileprivate var holdsReferences: Bool {
        switch field.type {
        case .ref: true
        case .tuple(let components): components.contains { $0.type == .ref }
        default: false
        }
    }
}
