/// A state of the workspace that is gone.
///
/// Both are cuts through the changesets that a replica holds, merged by the law of `Merge.swift`:
///
/// - `time`: all whose stamp is not later than that, to the millisecond. Two replicas that hold the same
///   changesets agree about it; one that receives an old changeset later sees another past.
/// - `change`: what the author of that changeset held when writing it, and the changeset itself: exactly the
///   closure of its context. Nothing that arrives later alters it.
package enum Moment: Equatable, Sendable {
    /// Milliseconds since 1970.
    case time(Int64)
    case change(ChangeID)
}

/// A changeset as the past of one record knows it.
package struct PastChange: Equatable, Sendable {
    package var origin: Origin
    package var act: Act
    /// What it wrote of the record, void writes left out; ascending.
    package var writes: [RegisterImage]
    /// The changesets that it undoes or redoes, all parts of a batch.
    package var targets: Set<ChangeID>

    package init(origin: Origin, act: Act, writes: [RegisterImage], targets: Set<ChangeID> = []) {
        self.origin = origin
        self.act = act
        self.writes = writes
        self.targets = targets
    }

    package var id: ChangeID { origin.change }

    package subscript(register: RegisterName) -> Value? { writes.first { $0.name == register }?.value }
}

/// All that was ever written of one record, and who had seen what: any past state of it can be merged anew.
///
/// A stamp is greater than every stamp in its context, so the order of stamps is a linear extension of
/// causality, and merging in it is merging in an order of arrival.
package struct RecordPast: Sendable {
    package let record: RecordName
    /// By stamp, the first one first.
    package let changes: [PastChange]
    private let contexts: ContextBook
    private let places: [ChangeID: Int]

    package init(_ record: RecordName, _ changes: [PastChange], _ contexts: ContextBook) {
        self.record = record
        self.changes = changes.sorted { $0.origin < $1.origin }
        self.contexts = contexts
        places = Dictionary(
            uniqueKeysWithValues: self.changes.enumerated().map { ($0.element.id, $0.offset) })
    }

    package subscript(change: ChangeID) -> PastChange? { places[change].map { changes[$0] } }

    package func has(_ change: ChangeID, seen other: ChangeID) -> Bool { contexts.has(change, seen: other) }

    /// The registers that were ever written, in order.
    package var registers: [RegisterName] { Set(changes.flatMap { $0.writes.map(\.name) }).sorted() }

    /// A register's heads among those changesets that are `held`, the shown one first.
    package func heads(
        of register: RegisterName, held: (PastChange) -> Bool = { _ in true }
    ) -> [Head<Value>] {
        var heads: [Head<Value>] = []
        for change in changes {
            guard let value = change[register], held(change) else { continue }
            heads.merge(Head(origin: change.origin, content: value)) { contexts.has(change.id, seen: $0) }
        }
        return heads
    }

    /// What the author of a changeset had before its eyes: the heads within its context. Of a batch, all parts
    /// are thought away.
    package func heads(
        of register: RegisterName, before change: ChangeID, without parts: Set<ChangeID> = []
    ) -> [Head<Value>] {
        heads(of: register) { has(change, seen: $0.id) && !parts.contains($0.id) }
    }

    package func heads(of register: RegisterName, at moment: Moment) -> [Head<Value>] {
        heads(of: register) { isHeld($0, at: moment) }
    }

    package func isHeld(_ change: PastChange, at moment: Moment) -> Bool {
        switch moment {
        case .time(let time): change.origin.stamp.time.milliseconds <= time
        case .change(let id): change.id == id || has(id, seen: change.id)
        }
    }

    /// The record as it was.
    /// - Returns: nil where nothing had been written of it.
    package func image(at moment: Moment) -> RecordImage? {
        guard changes.contains(where: { isHeld($0, at: moment) && !$0.writes.isEmpty }) else { return nil }
        let images = registers.compactMap { register -> RegisterImage? in
            guard let shown = heads(of: register, at: moment).first, shown.content != .null else {
                return nil
            }
            return RegisterImage(register, shown.content)
        }
        return RecordImage(name: record, registers: images)
    }
}
