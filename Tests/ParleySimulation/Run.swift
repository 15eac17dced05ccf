internal import Chance
internal import Foundation
internal import ParleyClient
internal import ParleyCore
internal import ParleyServer
internal import ParleyStore
internal import ParleyTrust

/// One seed's run: some replicas and a server, a workload drawn by chance, accidents, then peace, two rounds
/// of sync, and the checks.
final class Run {
    var dice: Dice
    let time: TrueTime
    let root: String
    let journal: Journal
    let server: Server
    var replicas: [Replica]
    var ledger: Ledger
    var tally = Tally()
    var records: [RecordName]
    /// What the sources of imports say at this moment.
    var sources: [String: [SourceRow]] = [:]
    /// Whose device is whose, as the simulator knows it.
    var handles: [DeviceID: String]
    var links: [Link] { replicas.compactMap(\.link) }
    var backup: FolderImage?
    var provoked: Provocations = []
    /// Something had to wait for a colleague's sync: it rests on a chain's end that only its author can sign.
    var hasWaited = false
    private var connections = 0
    private var notes = 0

    /// - Parameters:
    ///   - root: a folder for this run's files; the caller removes it.
    ///   - seats: where the members sit, with all places free, and `serverSeat` the server.
    init(
        seed: UInt64, template: Template, seats: Seats, serverSeat: ServerSeat, root: String,
        journal: Journal
    ) throws {
        dice = Dice(seed)
        time = TrueTime()
        self.root = root
        self.journal = journal
        mkdir(root, 0o700)
        server = try Server(
            machine: Machine(time, seed: dice.next()), home: root + "/server", workspace: template.workspace,
            seat: serverSeat)
        server.reading = template.serverReading
        replicas = []
        ledger = template.ledger
        records = template.records
        handles = template.handles
        notes = ledger.deeds.count
        for member in template.members.prefix(dice.pick(weighted: [(2, 30), (3, 40), (4, 20), (5, 10)])) {
            replicas.append(
                try Replica(
                    member, machine: Machine(time, seed: dice.next()), home: root + "/" + member.name,
                    seats: seats))
        }
    }

    /// For the making of a template: nobody is there yet.
    init(founding handle: String, seed: UInt64, root: String) throws {
        dice = Dice(seed)
        time = TrueTime()
        self.root = root
        journal = Journal(prints: false)
        ledger = Ledger()
        records = []
        handles = [:]
        mkdir(root, 0o700)
        let machine = Machine(time, seed: dice.next())
        let workspace = try Workspace.found(
            folder: root + "/" + handle, name: WorkspaceName("ports"), handle: Handle(handle),
            ambient: machine.ambient)
        server = try Server(
            machine: Machine(time, seed: dice.next()), path: root + "/server", workspace: workspace.id)
        replicas = [
            Replica(
                name: handle, handle: handle, machine: machine, folder: root + "/" + handle,
                workspace: workspace)
        ]
        handles[workspace.device] = handle
    }

    /// Notes tell deeds apart.
    func nextNote() -> String {
        notes += 1
        return "deed \(notes)"
    }

    func nextConnection() -> ConnectionID {
        connections += 1
        return ConnectionID(connections)
    }

    /// The whole run.
    func play() throws {
        tally[.seeds] += 1
        for replica in replicas where dice.chance(25) { setClock(of: replica) }
        let steps = 20 + min(dice.below(61), dice.below(61))
        for _ in 0..<steps {
            journal.nextStep()
            try wait(dice.pick(weighted: [(0, 30), (1, 40), (700, 20), (25_000, 8), (86_400_000, 2)]))
            try step()
        }
        journal.nextStep()
        try settleAndCheck()
    }

    /// Every loop looks at its clock once a second.
    private func wait(_ milliseconds: Int64) throws {
        time.advance(by: milliseconds)
        guard milliseconds > 1000 else { return }
        for replica in replicas { try pump(replica) }
        try turn()
    }

    /// Every error that nothing had provoked is a failure.
    private func step() throws {
        do { try take(dice.pick(weighted: Step.weights)) } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure("no errors", "\(error)")
        }
    }
}
