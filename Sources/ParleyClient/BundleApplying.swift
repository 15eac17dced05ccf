package import ParleyCore
internal import ParleyProtocol
package import ParleyStore
internal import ParleyTrust

/// What a bundle brought, or would bring.
package struct BundleOutcome: Sendable {
    /// New here, in the order of the bundle.
    package var received = 0
    /// Held here already.
    package var known = 0
    package var statements = 0
    /// What does not fit together in them.
    package var doubts: [Doubt] = []
    /// Registers whose shown value is new, with it; and values that are set aside now, by or from what is new.
    package var shown: [BundleChange] = []
    package var aside: [BundleChange] = []

    package init() {}
}

package struct BundleChange: Sendable {
    package var record: RecordName
    package var register: RegisterName
    package var value: Value
    package var change: ChangeID
}

extension Workspace {
    /// Takes a bundle in, in one transaction: all of it or nothing.
    /// - Parameters:
    ///   - isTrial: only says what would happen.
    ///   - report: looks at the outcome in the state that it would bring about.
    ///   - forEachPiece: hands over the bundle's bytes.
    package func apply(
        isTrial: Bool = false, report: (BundleOutcome, ReadTransaction) throws -> Void,
        bundle forEachPiece: ((ArraySlice<UInt8>) throws -> Void) throws -> Void
    ) throws {
        defer { try? store.read { try membership.refresh(from: $0.log) } }
        do {
            try store.write { tx in
                try refreshIdentity(tx.log)
                var application = BundleApplication(workspace: self, tx: tx)
                var reader = BundleReader()
                try forEachPiece { piece in
                    let messages = try reader.take(piece)
                    try application.begin(reader.preface)
                    for message in messages { try application.take(message) }
                }
                try reader.finish()
                try report(try application.finish(), tx)
                if isTrial { throw TrialIsOver() }
            }
        } catch is TrialIsOver {}
    }

    private struct TrialIsOver: Error {}
}

/// A bundle on its way into the store.
private struct BundleApplication {
    let workspace: Workspace
    let tx: WriteTransaction
    private var outcome = BundleOutcome()
    private var touched: Set<AppliedRegister> = []
    private var before = Frontier()
    private var hasBegun = false
    /// Statements that rest on something which has not come yet.
    private var waiting: [[UInt8]] = []

    private struct AppliedRegister: Hashable {
        var record: RecordName
        var register: RegisterName
    }

    init(workspace: Workspace, tx: WriteTransaction) {
        self.workspace = workspace
        self.tx = tx
    }

    /// Is it of this workspace?
    mutating func begin(_ preface: BundlePreface?) throws {
        guard !hasBegun, let preface else { return }
        hasBegun = true
        guard preface.workspace == workspace.id else { throw BundleError.otherWorkspace }
        before = try tx.log.heads().frontier
    }

    /// Is what it rests on here, and the same?
    private func check(_ entries: [FrontierEntry]) throws {
        let missing = entries.map(\.change).filter { !before.covers($0) }
        guard missing.isEmpty else { throw BundleError.missing(missing) }
        for entry in entries where try tx.log.mark(of: entry.change)?.hash != entry.hash {
            throw BundleError.fork(entry.change)
        }
    }

    mutating func take(_ message: Message) throws {
        switch message {
        case .frontier(let entries): try check(entries)
        case .statements(let statements):
            let taken = try workspace.receive(statements: waiting + statements, in: tx)
            waiting = taken.intake.waiting.map(\.bytes)
            outcome.statements += taken.count
            outcome.doubts += taken.doubts
        case .changesets(let run): try take(run)
        default: break
        }
    }

    private mutating func take(_ run: ChangesetRun) throws {
        let (verdicts, applied) = try workspace.take([run], in: tx, reporting: true)
        if let fault = verdicts.flatMap(\.faults).first { throw Self.error(fault) }
        let count = verdicts.reduce(0) { $0 + $1.entries.count }
        outcome.received += count
        outcome.known += run.changesets.count - count
        for write in applied.writes {
            touched.insert(AppliedRegister(record: write.record, register: write.register))
        }
    }

    private static func error(_ fault: ChainFault) -> BundleError {
        let change = fault.change
        switch fault.reason {
        case .fork: return .fork(change)
        case .gap(let expected):
            guard expected < change.number else { return .refused(fault) }
            return .missing([ChangeID(device: change.device, number: change.number - 1)])
        case .context(let missing): return .missing([missing])
        default: return .refused(fault)
        }
    }

    /// Looks at what the touched registers show in the end.
    mutating func finish() throws -> BundleOutcome {
        let byRecord = Dictionary(grouping: touched, by: \.record)
        for record in byRecord.keys.sorted() {
            let registers = Set((byRecord[record] ?? []).map(\.register))
            for detail in try tx.detail(of: record) ?? [] where registers.contains(detail.name) {
                note(detail, of: record)
            }
        }
        return outcome
    }

    private mutating func note(_ detail: RegisterDetail, of record: RecordName) {
        let isNew = !before.covers(detail.shown.change)
        if isNew {
            outcome.shown.append(
                BundleChange(
                    record: record, register: detail.name, value: detail.value, change: detail.shown.change))
        }
        for head in detail.aside where isNew || !before.covers(head.origin.change) {
            outcome.aside.append(
                BundleChange(
                    record: record, register: detail.name, value: head.value, change: head.origin.change))
        }
    }
}
