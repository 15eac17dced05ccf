import ParleyAnalysis
import ParleyClient
import ParleyCore
import ParleyStore

/// The records that an export was asked for, without those that a ceiling keeps back.
final class ExportSelection {
    let tx: ReadTransaction
    private let filters: [RecordFilter]
    /// The one record named by its address, with all under it.
    let root: RecordName?
    private let ceiling: ExportCeiling?
    private let progress: ProgressLine
    private static let assessmentTag = Schema.assessments[name: "assessment"]?.tag ?? 0
    /// Of the records that were asked for, how many are stricter than the ceiling, and how many hang on such.
    private(set) var strict: Set<RecordID> = []
    private(set) var hanging: Set<RecordID> = []

    init(
        _ tx: ReadTransaction, words: [String], ceiling: ExportCeiling?, progress: ProgressLine,
        now: Instant, staleDays: @escaping () throws -> Int
    ) throws {
        self.tx = tx
        self.ceiling = ceiling
        self.progress = progress
        if words.count == 1, let address = try? Address(words[0]), address.letter != nil, address.field == nil
        {
            root = try Resolver(tx).record(words[0])
            filters = []
        } else {
            root = nil
            filters = try FilterParser(tx, now: now, staleDays: staleDays).filters(words)
        }
    }

    /// Hands over the images in the order of kinds and ids.
    func forEach(_ body: (RecordImage) throws -> Void) throws {
        if let root {
            guard let image = try image(of: root) else { return }
            let images = [image] + (try belongings(of: image))
            try each(of: images.sorted { $0.name < $1.name }, body)
        } else if filters.isEmpty {
            try progress.expect { try tx.counts().all }
            try tx.eachRecord(of: tx.kinds()) { image in
                if let image = limited(image) { try body(image) }
                try progress.step()
                return true
            }
        } else {
            let order = [RecordOrder(.kind), RecordOrder(.id)]
            let rows = try tx.query(RecordQuery(filters, includesDeleted: true, order: order)).rows
            progress.expect { rows.count }
            for row in rows {
                if let image = try image(of: row.name) { try body(image) }
                try progress.step()
            }
        }
    }

    /// Hands over some images that have been chosen already.
    func each(of images: [RecordImage], _ body: (RecordImage) throws -> Void) throws {
        progress.expect { images.count }
        for image in images {
            try body(image)
            try progress.step()
        }
    }

    func image(of record: RecordName) throws -> RecordImage? {
        try tx.image(of: record).flatMap(limited)
    }

    /// The record as far as the ceiling lets it out; nil where it stays behind.
    private func limited(_ image: RecordImage) -> RecordImage? {
        guard let ceiling else { return image }
        switch ceiling[image.name.id] {
        case .shown: return ceiling.limited(image)
        case .strict: strict.insert(image.name.id)
        case .hanging: hanging.insert(image.name.id)
        }
        return nil
    }

    // MARK: One assessment

    /// The one assessment that a Markdown file holds.
    func assessment() throws -> RecordImage {
        if let root {
            guard root.kind == Self.assessmentTag else {
                throw CommandFailure(.failed, "not-assessment", "\(root.shortAddress(8)) is no assessment.")
            }
            return try shown(root)
        }
        let rows = try tx.query(RecordQuery(filters + [.kinds([Self.assessmentTag])])).rows
        guard rows.count == 1 else {
            let names = rows.prefix(8).map { $0.name.shortAddress(8) }.joined(separator: ", ")
            throw CommandFailure(
                .notFound, rows.isEmpty ? "not-found" : "ambiguous",
                rows.isEmpty
                    ? "There is no assessment to export."
                    : "A Markdown file holds one assessment; there are \(names).",
                hint: "say which: parley export A-.. --format md")
        }
        return try shown(rows[0].name)
    }

    private func shown(_ record: RecordName) throws -> RecordImage {
        if let image = try image(of: record) { return image }
        throw CommandFailure(
            .notPermitted, "tlp",
            "\(record.shortAddress(8)) is itself stricter than \(ceiling?.marking.label ?? "that"). Nothing was written.",
            hint: "see its marking: parley show \(record.shortAddress(8)).tlp")
    }

    /// What lies under a record, and the links from it and from what lies there, in no order; nothing deleted.
    func belongings(of root: RecordImage) throws -> [RecordImage] {
        let under = try tx.query(RecordQuery([.under(root.name.id)])).rows.map(\.name)
        let origins = Set(under.map(\.id) + [root.name.id])
        let link = Schema.assessments[name: "link"]?.tag ?? 0
        let links = try tx.referrers(to: origins, by: "from", of: link)
        return try Set(under + links).subtracting([root.name]).compactMap { name in
            try image(of: name).flatMap { $0.isDeleted ? nil : $0 }
        }
    }
}

/// Of which kind a referenced record is, each looked up once.
final class KindLookup {
    private let tx: ReadTransaction
    private var known: [RecordID: UInt32?] = [:]
    /// So many are remembered: a workspace may hold millions.
    private static let most = 65_536

    init(_ tx: ReadTransaction) { self.tx = tx }

    subscript(id: RecordID) -> UInt32? {
        if let kind = known[id] { return kind }
        if known.count >= Self.most { known.removeAll(keepingCapacity: true) }
        let kind = (try? tx.find(id...id, limit: 1))?.first?.kind
        known[id] = .some(kind)
        return kind
    }
}
