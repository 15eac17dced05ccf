/// A write that settled something: its author had received heads of different values, or a deletion and edits
/// that had not seen each other, and wrote over them all.
package struct Settlement: Equatable, Sendable {
    /// `deleted` where it was about a deletion.
    package var register: RegisterName
    package var by: Origin
    package var value: Value
    /// The heads written over, the one that had been shown first.
    package var heads: [Head<Value>]
    /// Edits that the deletion had missed, or that had missed it.
    package var edits: [OverlookedHead] = []
}

package struct OverlookedHead: Equatable, Sendable {
    package var register: RegisterName
    package var head: Head<Value>
}

extension RecordPast {
    /// What has been settled in this record, the earliest first. What several authors settled apart is told once,
    /// of the first by stamp.
    package var settlements: [Settlement] {
        var heads: [RegisterName: [Head<Value>]] = [:]
        var found: [Settlement] = []
        for change in changes {
            for write in change.writes {
                if let settlement = settlement(change, write, heads) { found.append(settlement) }
            }
            for write in change.writes {
                let head = Head(origin: change.origin, content: write.value)
                heads[write.name, default: []].merge(head) { has(change.id, seen: $0) }
            }
        }
        return found
    }

    private func settlement(
        _ change: PastChange, _ write: RegisterImage, _ heads: [RegisterName: [Head<Value>]]
    ) -> Settlement? {
        func covered(_ register: RegisterName) -> [Head<Value>] {
            (heads[register] ?? []).filter { has(change.id, seen: $0.origin.change) }
        }
        let over = covered(write.name)
        var settlement = Settlement(
            register: write.name, by: change.origin, value: write.value, heads: over)
        if write.name == RegisterName(field: Field.deletedTag) {
            let deletions = over.filter { $0.content == .bool(true) }.map(\.origin.change)
            for register in heads.keys.sorted() where register != write.name && !deletions.isEmpty {
                settlement.edits += covered(register).filter { head in
                    deletions.contains { areApart($0, head.origin.change) }
                }.map { OverlookedHead(register: register, head: $0) }
            }
        }
        return Set(over.map(\.content)).count > 1 || !settlement.edits.isEmpty ? settlement : nil
    }

    /// Neither author had received the other's.
    private func areApart(_ one: ChangeID, _ other: ChangeID) -> Bool {
        one != other && !has(one, seen: other) && !has(other, seen: one)
    }
}
