internal import GRDB
internal import ParleyClient
internal import ParleyCore
internal import ParleyProtocol
internal import ParleyServer
internal import ParleyStore
internal import ParleyTrust

/// One step of the sweep's scenario.
struct SweepStep: Sendable {
    let name: String
    var isOnServer = false
    /// The step opens the store itself.
    var opens = false
    /// Every which operation fails; all of them, but where a step does much that another one does, too.
    var pace = 1
    let body: @Sendable (Office, Desk) throws -> Void

    /// - Returns: the typed error by which the step says that the disk refused something.
    /// - Throws: a violation for any other.
    func attempt(_ office: Office, _ desk: Desk) throws -> (any Error)? {
        do { try body(office, desk) } catch let error as StoreError {
            try require(error.code != .inconsistent, "not the disk's fault: \(error)")
            return error
        } catch let ending as ProtocolError {
            try require(ending.code == .storage, "the server blames something else: \(ending)")
            return ending
        }
        return nil
    }

    static let all: [SweepStep] = [
        SweepStep(name: "open", opens: true) { _, desk in
            desk.stop()
            try desk.start()
        },
        SweepStep(name: "read") { _, desk in
            try desk.workspace?.store.read { tx in
                for number in 0..<30 { _ = try tx.image(of: .judgment(UInt64(number))) }
                for position in 1...(try tx.log.lastPosition()) { _ = try tx.log.entry(at: position) }
            }
        },
        SweepStep(name: "new") { _, desk in try desk.workspace?.setTitle(ofJudgment: 1000, "new") },
        SweepStep(name: "set") { _, desk in try desk.workspace?.setTitle(ofJudgment: 5, "set") },
        SweepStep(name: "import") { _, desk in try desk.workspace?.importJudgments(50, from: "a feed") },
        SweepStep(name: "rebuild") { _, desk in try desk.workspace?.store.rebuild() },
        SweepStep(name: "rebuild of tables of another shape", pace: 5) { _, desk in
            try desk.workspace?.store.file.write { try $0.execute(sql: "DROP INDEX IF EXISTS act_batch") }
            try desk.workspace?.store.rebuild()
        },
        SweepStep(name: "checkpoint") { _, desk in try desk.workspace?.store.file.checkpoint() },
        SweepStep(name: "sync, at the analyst's", body: sync),
        SweepStep(name: "sync, at the server's", isOnServer: true, body: sync),
        SweepStep(name: "open the server", isOnServer: true, opens: true) { office, _ in
            office.server.stop()
            try office.server.start()
        },
        SweepStep(name: "host", isOnServer: true) { office, _ in
            let expires = office.clock.now() + 1000
            try office.server.folder?.addToken(
                office.clock.random(16), name: WorkspaceName("other"), handle: Handle("olga"),
                expires: expires)
        },
    ]

    @Sendable private static func sync(_ office: Office, _ desk: Desk) throws {
        var exchange = try Exchange(office, [desk])
        let outcome = try exchange.run()
        if let ending = outcome.endings.first { throw ending }
        try require(outcome.isInStep, "neither an error nor in step")
    }
}

extension RecordName {
    static func judgment(_ number: UInt64) -> RecordName {
        RecordName(kind: Schema.judgment.tag, id: RecordID(UInt128(number) << 64 | 1))
    }
}

extension Workspace {
    func setTitle(ofJudgment number: UInt64, _ title: String) throws {
        try commit(Act(.hand)) { _ in
            Writes([RegisterWrite(.judgment(number), Schema.judgment.register("title"), .text(title))])
        }
    }

    /// Records with texts that do not compress, known by keys of their source.
    func importJudgments(_ count: Int, from source: String) throws {
        let importer = Importer(self, Importer.Options(source: source))
        for number in 0..<count {
            let text = ambient.random(200).map { String($0, radix: 36) }.joined()
            try importer.add(
                RecordDraft(
                    kind: Schema.judgment.tag, line: number + 1, keys: ["\(source):\(number)"],
                    writes: [
                        DraftWrite(Schema.judgment.register("title"), .text("\(source) \(number)")),
                        DraftWrite(Schema.judgment.register("basis"), .text(text)),
                    ]))
        }
        try importer.finish()
    }
}

extension Schema {
    static var judgment: Kind { assessments[name: "judgment"] ?? assessments.kinds[0] }
}

extension Kind {
    func register(_ field: String) -> RegisterName {
        RegisterName(field: self[name: field]?.tag ?? 0, key: nil)
    }
}
