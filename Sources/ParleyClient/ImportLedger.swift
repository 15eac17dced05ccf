internal import ParleyCore
internal import ParleyProtocol

/// What a run remembers of the rows that it has read: by what names they know each other, and which records
/// they spoke of. One for the whole run: a copy per row would cost more than the row.
final class ImportLedger {
    /// A reference to something that a later line may bring.
    struct NotYet: Error {}

    struct Place {
        var file: Int
        var line: Int
    }

    private var labels: [String: RecordName] = [:]
    private var keys: [String: RecordName] = [:]
    private var places: [RecordName: Place] = [:]
    /// Labels are names within one file.
    var file = 0
    /// Everything has been read: what is not known now never will be.
    var isComplete = false

    subscript(text: String) -> RecordName? {
        record(labelled: text, inFile: file) ?? keys[DerivedID.canonical(text)]
    }

    func record(labelled label: String, inFile file: Int) -> RecordName? { labels["\(file) \(label)"] }

    func remember(_ draft: RecordDraft, as record: RecordName) {
        if let label = draft.label { labels["\(file) \(label)"] = record }
        for key in draft.keys { keys[DerivedID.canonical(key)] = record }
    }

    /// Where the record was spoken of last.
    func place(of record: RecordName) -> Place? { places[record] }

    func note(_ record: RecordName, at place: Place) { places[record] = place }
}
