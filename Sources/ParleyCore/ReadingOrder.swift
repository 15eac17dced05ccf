/// The order in which people read records: by kind, then by order key (its bytes; records without one come
/// last), creation and id. It is the same on every replica.
package struct ReadingOrder: Comparable, Sendable {
    private let kind: UInt32
    private let key: String?
    /// The first eight bytes of the key, which tell most keys apart.
    private let beginning: UInt64
    private let created: Int64
    package let id: RecordID

    /// - Parameters:
    ///   - key: the field `order`; a blank one counts as none.
    ///   - created: milliseconds.
    package init(_ name: RecordName, key: String?, created: Int64) {
        kind = name.kind
        id = name.id
        self.created = created
        self.key = key.flatMap { $0.trimmingSpaces().isEmpty ? nil : $0 }
        beginning = self.key.map(Self.beginning) ?? .max
    }

    /// As one number, the first byte the most significant: less than that of no key, since no text begins so.
    private static func beginning(of key: String) -> UInt64 {
        let bytes = key.utf8.prefix(8)
        return bytes.reduce(0) { $0 << 8 | UInt64($1) } << UInt64((8 - bytes.count) * 8)
    }

    /// The places of the elements in their order. (Here the compiler sees into the comparison; from another module
    /// each copies both.)
    package static func sorted(_ orders: [ReadingOrder]) -> [Int] {
        orders.indices.sorted { orders[$0] < orders[$1] }
    }

    package static func < (left: ReadingOrder, right: ReadingOrder) -> Bool {
        if left.kind != right.kind { return left.kind < right.kind }
        if left.beginning != right.beginning { return left.beginning < right.beginning }
        if let one = left.key, let two = right.key, !one.utf8.elementsEqual(two.utf8) {
            return one.utf8.lexicographicallyPrecedes(two.utf8)
        }
        return (left.created, left.id) < (right.created, right.id)
    }
}
