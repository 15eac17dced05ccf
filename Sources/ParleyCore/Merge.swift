/// # The merge law
///
/// A register's **heads** are the writes that nobody who had received them has replaced. The value shown is
/// the head with the greatest stamp; the other heads are *set aside*: kept, listed, attributed, restorable.
///
/// 1. A changeset has one stamp and writes a register at most once.
/// 2. Causal delivery: a changeset arrives after the previous one of its chain and after everything in its
///    context. So no head can have seen the write that arrives.
/// 3. When write *W* arrives for a register with the heads *H1..Hn*: a head that *W*'s context covers is
///    superseded; the rest and *W* are the new heads.
/// 4. Stamps order totally (time, then device), so the shown head is unique.
///
/// By 2 and 3 the heads are a function of the set of changesets alone: whatever the order in which they
/// arrived, within causality, and however often. Heads with equal values all stay heads, since dropping one
/// would make the rest depend on the order of arrival; only a head whose value differs from the shown one
/// counts as set aside.
package struct Head<Content: Equatable>: Equatable {
    package var origin: Origin
    package var content: Content

    package init(origin: Origin, content: Content) {
        self.origin = origin
        self.content = content
    }
}

extension Head: Sendable where Content: Sendable {}

/// Rule 3: the heads after `write` has arrived, the shown one first.
/// - Parameters:
///   - heads: the register's heads before, in any order.
///   - covers: does the context of `write` cover that changeset?
package func merged<Content>(
    _ heads: [Head<Content>], with write: Head<Content>, covers: (ChangeID) -> Bool
) -> [Head<Content>] {
    var after = heads.sorted { $0.origin.stamp > $1.origin.stamp }
    after.merge(write, covers: covers)
    return after
}

extension Array {
    /// Rule 3 for heads that stand as it leaves them, the shown one first: nothing is sorted anew.
    package mutating func merge<Content>(_ write: Head<Content>, covers: (ChangeID) -> Bool)
    where Element == Head<Content> {
        removeAll { covers($0.origin.change) }
        insert(write, at: firstIndex { $0.origin.stamp < write.origin.stamp } ?? endIndex)
    }
}

/// The heads whose values differ from the shown one; `heads` are sorted, the shown one first.
package func setAside<Content>(_ heads: [Head<Content>]) -> ArraySlice<Head<Content>> {
    guard let shown = heads.first else { return [] }
    return heads.filter { $0.content != shown.content }[...]
}
