package import ParleyCore
package import ParleyStore

/// What somebody decides about a register of which writes were set aside.
package enum Decision: Equatable, Sendable {
    /// What shows stays.
    case keep
    /// The value of that write, which is a head of the register.
    case take(ChangeID)
    case write(Value)
}

/// A register that waits for a decision: its heads have different values, or it is `deleted` and the deletion
/// and edits of the record have not seen each other.
package struct Contest: Equatable, Sendable {
    package var record: RecordName
    package var register: RegisterName
    /// All heads, the shown one first.
    package var heads: [AsideHead]
    /// For `deleted`: the edits that missed a deletion, or that it missed.
    package var edits: [OverlookedEdit] = []
}

extension ReadTransaction {
    /// Everything that waits, the latest set-aside write first, then deletions.
    /// - Parameter limit: writes to look at, at most.
    package func contests(limit: Int = 10_000) throws -> [Contest] {
        let asides = try asides(limit: limit).map { Place(record: $0.record, register: $0.register) }
        let deletions = try overlooked(limit: limit).map { Place(record: $0.record, register: .deleted) }
        var seen: Set<Place> = []
        let places = (asides + deletions).filter { seen.insert($0).inserted }
        return try places.compactMap { try contest(of: $0.register, in: $0.record) }
    }

    private struct Place: Hashable {
        var record: RecordName
        var register: RegisterName
    }

    /// - Returns: nil where nothing waits there.
    package func contest(of register: RegisterName, in record: RecordName) throws -> Contest? {
        let details = try detail(of: record) ?? []
        let edits = register == .deleted ? try overlooked(limit: .max, of: record) : []
        guard let detail = details.first(where: { $0.name == register }),
            !detail.aside.isEmpty || !edits.isEmpty
        else { return nil }
        let shown = ([detail.shown] + detail.equal).map { AsideHead(origin: $0, value: detail.value) }
        return Contest(record: record, register: register, heads: shown + detail.aside, edits: edits)
    }
}

extension Workspace {
    /// Settles a register by an ordinary write, whose context covers every head that is here; written even where
    /// the value is what shows already. A field of which only a deletion was overlooked is settled through
    /// `deleted`: `take` of the edit brings the record back, `take` of the deletion lets it go.
    /// - Returns: the changeset made.
    /// - Throws: `nothingAside`, `notAHead`, `notYours`.
    @discardableResult
    package func resolve(
        _ register: RegisterName, of record: RecordName, _ decision: Decision, note: String? = nil
    ) throws -> [ChangeID] {
        var act = Act(.resolve, [.tool: .text("conflicts")])
        if let note, !note.isEmpty { act[.note] = .text(note) }
        return try commit(act) { tx in
            let contest = try expectContest(register, of: record, tx)
            if let owner = contest.register.owner(in: record), owner != handle {
                throw ClientError.notYours(record, contest.register, owner: owner)
            }
            let value = try contest.value(by: decision)
            return Writes([RegisterWrite(record, contest.register, value)])
        }
    }

    private func expectContest(
        _ register: RegisterName, of record: RecordName, _ tx: ReadTransaction
    ) throws -> Contest {
        if let contest = try tx.contest(of: register, in: record) { return contest }
        let isOverlooked = try tx.overlooked(limit: .max, of: record).contains { $0.register == register }
        if isOverlooked, let contest = try tx.contest(of: .deleted, in: record) { return contest }
        throw ClientError.nothingAside(record, register)
    }
}

extension Contest {
    func value(by decision: Decision) throws(ClientError) -> Value {
        switch decision {
        case .keep: return heads.first?.value ?? .null
        case .write(let value): return value
        case .take(let change):
            if let head = heads.first(where: { $0.origin.change == change }) { return head.value }
            if edits.contains(where: { $0.edit == change }) { return .bool(false) }
            throw .notAHead(record, register, change)
        }
    }
}

extension RegisterName {
    package static let deleted = RegisterName(field: Field.deletedTag)
}
