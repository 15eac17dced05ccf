package import ParleyCore

/// What there is to say of one row of an import. Records of which nothing changes are only counted.
package struct ImportFinding: Equatable, Sendable {
    package enum What: String, Sendable {
        case new
        case changed
        /// People's value stayed where the source now says something else.
        case kept
        /// The row states an older version than the one that is here.
        case older
        case refused
        /// The source had it, and the file does not.
        case absent
    }

    package struct Field: Equatable, Sendable {
        package var register: RegisterName
        /// What is shown; nil where nothing is.
        package var old: Value?
        /// What the source says.
        package var new: Value
    }

    package var what: What
    /// Index among the files of the run.
    package var file: Int
    package var line = 0
    package var column = 0
    package var record: RecordName?
    package var fields: [Field] = []
    package var reason = ""
    /// The row's bytes, where it is refused.
    package var raw: [UInt8] = []

    init(_ what: What, file: Int, line: Int = 0, record: RecordName? = nil, fields: [Field] = []) {
        self.what = what
        self.file = file
        self.line = line
        self.record = record
        self.fields = fields
    }

    init(_ fault: DraftFault, file: Int) {
        self.init(.refused, file: file, line: fault.line)
        (column, reason, raw) = (fault.column, fault.reason, fault.raw)
    }
}

/// How many rows and records of a file became what.
package struct ImportTally: Equatable, Sendable {
    package var rows = 0
    package var created = 0
    package var changed = 0
    package var same = 0
    package var refused = 0
    /// Values, not records.
    package var kept = 0
    package var older = 0
    package var absent = 0
    /// Of the records that the rows speak of: deleted here, which an import does not change.
    package var deleted = 0
    /// Created without an id or a key: another import would create them again.
    package var nameless = 0

    package init() {}

    package static func + (left: Self, right: Self) -> Self {
        var sum = left
        for count in counts { sum[keyPath: count] += right[keyPath: count] }
        return sum
    }

    private static var counts: [WritableKeyPath<Self, Int>] {
        [\.rows, \.created, \.changed, \.same, \.refused, \.kept, \.older, \.absent, \.deleted, \.nameless]
    }
}
