import ParleyAnalysis
import ParleyClient
import ParleyCore
import ParleyStore

/// Gathers what the analyst's methods look at: one assessment with all that belongs to it, or the workspace.
struct DossierLoading {
    let tx: ReadTransaction
    let now: Instant

    init(_ tx: ReadTransaction, now: Instant) {
        self.tx = tx
        self.now = now
    }

    /// Every record of the kinds that this version knows, but for strays: a workspace may hold more of them
    /// than memory does, so it is only told where they stand.
    func connected() throws -> (dossier: Dossier, strays: [RecordRows]) {
        let kinds = Dictionary(grouping: Schema.assessments.kinds) { Lint.structure.contains($0.name) }
        var records = try tx.wholeRecords(of: (kinds[true] ?? []).map(\.tag))
        let places = try tx.places(of: (kinds[false] ?? []).map(\.tag))
        for others in places.others { records += try tx.wholeRecords(at: others, in: 0..<others.count) }
        return (try dossier(records), places.strays)
    }

    /// Hands over strays, some at a time and without their tags and keys, each time with a dossier that holds
    /// what they refer to.
    func eachPiece(
        of strays: [RecordRows], beside connected: Dossier, _ body: (Dossier, [DossierRecord]) throws -> Void
    ) throws {
        for strays in strays {
            for start in stride(from: 0, to: strays.count, by: Self.piece) {
                let end = min(start + Self.piece, strays.count)
                let records = try tx.wholeRecords(at: strays, in: start..<end)
                let (dossier, read) = connected.adding(
                    strays: records.map(\.image), facts: try facts(of: records))
                try body(dossier, read)
            }
        }
    }

    private static let piece = 1_000

    /// The judgments that have an outcome, with their estimates.
    func resolved() throws -> Dossier {
        let query = RecordQuery([.kinds([tag("judgment")]), .isSet("outcome")])
        let judgments = try tx.query(query).rows.map(\.name)
        let estimates = try tx.referrers(to: judgments.map(\.id), by: "judgment", of: tag("estimate"))
        return try dossier(try tx.wholeRecords(judgments + estimates))
    }

    /// All records of one kind, what rests on them through whatever lies between, and the links.
    func all(_ kind: String) throws -> Dossier {
        var records = try tx.wholeRecords(of: [tag(kind)])
        var known = Set(records.map(\.image.name.id))
        var open = Array(known)
        while !open.isEmpty {
            let names = try ["from", "to"].flatMap {
                try tx.referrers(to: open, by: $0, of: tag("link"))
            }
            let links = try tx.wholeRecords(names.filter { known.insert($0.id).inserted })
            let found = try tx.wholeRecords(try references(of: links, beyond: &known))
            records += links + found
            open = found.filter { Self.carriers.contains($0.image.name.kindName) }.map(\.image.name.id)
        }
        return try dossier(records)
    }

    /// Kinds through which a judgment rests on something.
    private static let carriers: Set = ["judgment", "driver", "assumption", "hypothesis"]

    /// A record, what it lies under, and all under it; links, estimates and notes of those; the far ends of the links, since
    /// evidence that two assessments share lies under one of them; and what all of these refer to.
    func assessment(_ root: RecordName) throws -> Dossier {
        var names: Set = [root]
        names.formUnion(try tx.below(root.id))
        let members = names.map(\.id)
        names.formUnion(try tx.above(root))
        for (kind, field) in Self.followed {
            names.formUnion(try tx.referrers(to: members, by: field, of: tag(kind)))
        }
        var records = try tx.wholeRecords(names)
        var known = Set(names.map(\.id))
        var fresh = records
        while !fresh.isEmpty {
            fresh = try tx.wholeRecords(try references(of: fresh, beyond: &known))
            records += fresh
        }
        return try dossier(records)
    }

    private static let followed = [
        ("link", "from"), ("link", "to"), ("estimate", "judgment"), ("estimate", "hypothesis"),
        ("note", "about"),
    ]

    private func tag(_ kind: String) -> UInt32 { Schema.assessments[name: kind]?.tag ?? 0 }

    /// What records refer to and nobody has read yet. What lies *above* a foreign record is not followed: it
    /// would bring in the other assessment.
    private func references(of records: [WholeRecord], beyond known: inout Set<RecordID>) throws
        -> [RecordName]
    {
        var targets: Set<RecordID> = []
        for record in records {
            guard let kind = Schema.assessments[tag: record.image.name.kind] else { continue }
            for register in record.image.registers
            where register.name.key == nil && register.name.field != Field.parentTag {
                switch kind[tag: register.name.field]?.type {
                case .ref: if let target = register.value.ref { targets.insert(target) }
                case .tuple: targets.formUnion((register.value.list ?? []).compactMap(\.ref))
                default: break
                }
            }
        }
        let fresh = targets.subtracting(known)
        known.formUnion(fresh)
        return try fresh.compactMap { try tx.find($0...$0, limit: 1).first }
    }

    private func dossier(_ records: [WholeRecord]) throws -> Dossier {
        Dossier(records: records.map(\.image), facts: try facts(of: records), today: Day(now))
    }

    private func facts(of records: [WholeRecord]) throws -> [RecordID: RecordFacts] {
        var facts: [RecordID: RecordFacts] = [:]
        facts.reserveCapacity(records.count)
        for record in records { facts[record.image.name.id] = try self.facts(of: record) }
        return facts
    }

    private func facts(of record: WholeRecord) throws -> RecordFacts {
        let known = record.bookkeeping
        let name = record.image.name
        var facts = RecordFacts(
            created: Instant(milliseconds: known.created), author: known.author,
            changed: Instant(milliseconds: known.changed), changedBy: known.changedBy, review: known.review)
        if known.review > 0 {
            facts.unseenMarkings = try tx.asides(of: name).filter {
                $0.register == RegisterName(field: Field.markingTag)
            }.compactMap(\.head.value.text)
        }
        return facts
    }
}
