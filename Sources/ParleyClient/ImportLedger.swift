internal import ParleyCore
internal import ParleyProtocol
internal import ParleyStore

/// What a run remembers of the rows that it has read: by what names they know each other, and which records
/// they spoke of. One for the whole run, and of any size: what is too much for memory lies in a file.
final class ImportLedger {
    /// A reference to something that a later line may bring.
    struct NotYet: Error {}

    struct Place {
        var file: Int
        var line: Int
    }

    /// By a hash of the name, which nobody outside of this process can foresee.
    private let names = SpillTable()
    /// By the record's id.
    private let places = SpillTable()
    /// Labels are names within one file.
    var file = 0
    private var hasLabels = false
    /// Everything has been read: what is not known now never will be.
    var isComplete = false

    func named(_ text: String) throws -> RecordName? {
        if hasLabels, let labelled = try record(labelled: text, inFile: file) { return labelled }
        return try keyed(text)
    }

    func keyed(_ text: String) throws -> RecordName? {
        try names[Self.hash(DerivedID.canonical(text))].map(Self.name)
    }

    func record(labelled label: String, inFile file: Int) throws -> RecordName? {
        try names[Self.hash(Self.scoped(label, file))].map(Self.name)
    }

    func remember(_ draft: RecordDraft, as record: RecordName) throws {
        let entry = SpillTable.Entry(id: record.id.number, number: Int64(record.kind))
        if draft.label != nil { hasLabels = true }
        if let label = draft.label { try names.set(Self.hash(Self.scoped(label, file)), entry) }
        for key in draft.keys { try names.set(Self.hash(DerivedID.canonical(key)), entry) }
    }

    /// No key holds a line break.
    private static func scoped(_ label: String, _ file: Int) -> String { "\(file)\n\(label)" }

    private static func name(_ entry: SpillTable.Entry) -> RecordName {
        RecordName(kind: UInt32(truncatingIfNeeded: entry.number), id: RecordID(entry.id))
    }

    private static func hash(_ text: String) -> UInt128 {
        var (low, high) = (Hasher(), Hasher())
        high.combine(1)
        low.combine(text)
        high.combine(text)
        return UInt128(UInt64(bitPattern: Int64(high.finalize()))) << 64
            | UInt128(UInt64(bitPattern: Int64(low.finalize())))
    }

    // MARK: Places

    /// Where the record was spoken of last.
    func place(of record: RecordID) throws -> Place? {
        try places[record.number].map {
            Place(file: Int($0.number >> 40), line: Int($0.number & ((1 << 40) - 1)))
        }
    }

    func note(_ record: RecordID, at place: Place) throws {
        try places.set(record.number, SpillTable.Entry(number: Int64(place.file) << 40 | Int64(place.line)))
    }
}
