import ParleyCore
import ParleyExchange
import ParleyStore

/// Writes the records of a selection as a STIX bundle, one by one.
final class StixExport {
    private let tx: ReadTransaction
    private var ids: [RecordID: StixID] = [:]
    /// So many are remembered.
    private static let mostIDs = 65_536
    private var sources: [ChangeID: String?] = [:]
    private static let assessment = Schema.assessments[name: "assessment"]?.tag

    private let selection: ExportSelection?

    /// - Parameter selection: what goes out, and what of it; without one facts can be asked for.
    init(_ tx: ReadTransaction, _ selection: ExportSelection? = nil) {
        (self.tx, self.selection) = (tx, selection)
    }

    func write(withDeleted: Bool, to sink: ByteSink) throws {
        var writer = StixWriter(
            .parley, StixReferences(id: { self.id(of: $0) }, image: { self.image(of: $0) }))
        try sink.write(StixWriter.head)
        try selection?.forEachWithReferences { image in
            guard withDeleted || image[Field.deletedTag] != .bool(true) else { return }
            try sink.write(writer.objects(of: image, try facts(of: image)))
        }
        try sink.write(writer.tail())
    }

    // MARK: References

    private func image(of record: RecordID) -> RecordImage? {
        (try? tx.find(record...record, limit: 1))?.first.flatMap { try? image(of: $0) }
    }

    /// As far as it goes out.
    private func image(of record: RecordName) throws -> RecordImage? {
        try selection.map { try $0.image(of: record) } ?? tx.image(of: record)
    }

    private func id(of record: RecordID) -> StixID {
        if let id = ids[record] { return id }
        let id =
            image(of: record).map { StixWriter.id(of: $0, .parley) } ?? StixWriter.id(of: record, .parley)
        if ids.count >= Self.mostIDs { ids.removeAll(keepingCapacity: true) }
        ids[record] = id
        return id
    }

    // MARK: Facts

    private func facts(of image: RecordImage) throws -> StixFacts {
        var facts = try ownFacts(of: image)
        guard image.name.kind == Self.assessment, let selection else { return facts }
        let members = try selection.belongings(of: image).sorted { $0.name < $1.name }
        facts.members = members.map { StixWriter.id(of: $0, .parley).text }
        facts.membersModified = try members.map {
            StixWriter.modified(of: $0, try ownFacts(of: $0), .parley)
        }.max()
        return facts
    }

    func ownFacts(of image: RecordImage) throws -> StixFacts {
        let known = try tx.bookkeeping(of: image.name)
        var facts = StixFacts(
            created: Instant(milliseconds: known?.created ?? 0),
            changed: Instant(milliseconds: known?.changed ?? 0), isLocal: true, author: known?.author)
        let stated = StixWriter.stated(of: image, .parley)
        if image.value(of: stated) != nil { facts.isLocal = try isChangedBeside(stated, image.name) }
        return facts
    }

    /// Whether anything shows that came neither from the source that said when it last changed this record, nor
    /// with an import before that.
    private func isChangedBeside(_ stated: RegisterName, _ record: RecordName) throws -> Bool {
        let details = try tx.detail(of: record) ?? []
        guard let origin = details.first(where: { $0.name == stated })?.shown,
            let source = try source(of: origin.change)
        else { return true }
        return try details.contains { detail in
            guard let other = try self.source(of: detail.shown.change) else { return true }
            return other != source && detail.shown.stamp.time > origin.stamp.time
        }
    }

    /// Of which source a change is an import; nil where it is none.
    private func source(of change: ChangeID) throws -> String? {
        if let known = sources[change] { return known }
        let act = try tx.act(of: change)
        let source = act?.kind == Act.Kind.importing.rawValue ? act?[.source]?.text : nil
        sources[change] = .some(source)
        return source
    }
}

extension ExportSelection {
    /// As `forEach`; of one record with all under it also what these refer to, but not what lies above that.
    func forEachWithReferences(_ body: (RecordImage) throws -> Void) throws {
        guard let root, let image = try image(of: root) else { return try forEach(body) }
        var images = [image] + (try belongings(of: image))
        var known = Set(images.map(\.name.id))
        var fresh = images[...]
        while !fresh.isEmpty {
            let targets = Set(fresh.flatMap(Self.references)).subtracting(known)
            known.formUnion(targets)
            let found = try targets.compactMap { try tx.find($0...$0, limit: 1).first }
            let end = images.count
            images += try found.compactMap { try self.image(of: $0) }
            fresh = images[end...]
        }
        try each(of: images.sorted { $0.name < $1.name }, body)
    }

    private static func references(of image: RecordImage) -> [RecordID] {
        guard let kind = Schema.assessments[tag: image.name.kind] else { return [] }
        let above = ["parent", "previous"]
        return image.registers.flatMap { register -> [RecordID] in
            guard let field = kind[tag: register.name.field], !above.contains(field.name) else { return [] }
            return switch field.type {
            case .ref: register.value.ref.map { [$0] } ?? []
            case .tuple: (register.value.list ?? []).compactMap(\.ref)
            default: []
            }
        }
    }
}
