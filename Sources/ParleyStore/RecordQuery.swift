package import ParleyCore

/// One condition on a record. Fields go by name, since one name (`type`, `source`) has another tag in every
/// kind; a record whose kind has no such field does not fulfil the condition.
package indirect enum RecordFilter: Equatable, Sendable {
    case kinds([UInt32])
    case field(String, oneOf: [Value])
    case isSet(String)
    /// A text holds another, whatever the case of its letters.
    case contains(String, String)
    /// Numbers, probabilities, dates, instants; both ends belong to it. A date that ends a range includes all
    /// that begin with it: `..2026-11` holds 30 November.
    case range(String, from: Value?, through: Value?)
    /// A set field has the member.
    case member(String, String)
    /// A keyed register exists (of any key, if nil), or has the value, or is a tuple that begins with it.
    case keyed(String, key: String?, value: Value?)
    /// Created or last changed by this analyst. Other writers of the record are in its history; asking for
    /// them would read the history of every record.
    case by(String)
    /// Last changed at this millisecond or later; or earlier.
    case since(Int64)
    case until(Int64)
    /// Below the record in the tree of `parent`s; cycles end where they began.
    case under(RecordID)
    case hasReview
    case isDeleted
    /// All these words are in the title or the texts.
    case words(String)
    /// One of these, which the caller has found by other means.
    case among(Set<RecordID>)
    case not(RecordFilter)
}

package struct RecordOrder: Equatable, Sendable {
    package enum Key: Equatable, Sendable {
        case created, changed, kind, id
        case field(String)
    }
    package var key: Key
    package var descending: Bool

    package init(_ key: Key, descending: Bool = false) {
        self.key = key
        self.descending = descending
    }
}

package struct RecordQuery: Equatable, Sendable {
    /// All must be fulfilled.
    package var filters: [RecordFilter]
    /// Deleted records are left out unless this is set or a filter asks for them.
    package var includesDeleted: Bool
    /// Ties are broken by kind and id. Records without a value come last.
    package var order: [RecordOrder]
    package var limit: Int?
    package var offset: Int
    /// The plain fields wanted of each row, by name.
    package var columns: [String]

    package init(
        _ filters: [RecordFilter] = [], includesDeleted: Bool = false, order: [RecordOrder] = [],
        limit: Int? = nil, offset: Int = 0, columns: [String] = []
    ) {
        self.filters = filters
        self.includesDeleted = includesDeleted
        self.order = order
        self.limit = limit
        self.offset = offset
        self.columns = columns
    }

    var asksForDeleted: Bool {
        // What waits for review may be a deletion.
        filters.contains { $0 == .isDeleted || $0 == .not(.isDeleted) || $0 == .hasReview }
    }
}

package struct RecordRow: Equatable, Sendable {
    package var name: RecordName
    package var bookkeeping: Bookkeeping
    /// In the order of `RecordQuery.columns`; null where a kind has no such field.
    package var values: [Value]
}

package struct RecordPage: Equatable, Sendable {
    package var rows: [RecordRow]
    /// How many records fulfil the filters, whatever the limit.
    package var total: Int
}
