internal import Chance
internal import Foundation
internal import ParleyClient
internal import ParleyCore
internal import ParleyServer
internal import ParleyStore
internal import ParleyTrust

/// A team that has been working for a moment, as files: making it costs a thousand times what copying it does.
struct Template {
    struct Member {
        let name: String
        let handle: String
        let image: FolderImage
        let reading: Ledger.Reading
        let acknowledged: UInt64
    }

    let workspace: WorkspaceID
    let server: FolderImage
    let serverReading: Ledger.Reading
    let members: [Member]
    let ledger: Ledger
    let records: [RecordName]
    let handles: [DeviceID: String]

    /// Olga founds, and the others come in; she has two devices. Three records are there and known to all.
    static func make(variant: UInt64, in root: String) throws -> Template {
        let run = try Run(founding: "olga", seed: variant &* 7919 + 1, root: root)
        defer { try? FileManager.default.removeItem(atPath: root) }
        try run.publish()
        for (name, handle) in [("ben", "ben"), ("ken", "ken"), ("laptop", "olga"), ("mia", "mia")] {
            try run.admit(name, as: handle)
        }
        for kind in [Run.judgment, Run.judgment, Run.note] { try run.begin(kind) }
        for replica in run.replicas + run.replicas { try run.sync(replica, .both) }
        return try run.template()
    }
}

extension Run {
    fileprivate func publish() throws {
        let token = server.machine.random(16)
        let name = try WorkspaceName("ports")
        let handle = try Handle("olga")
        try server.folder.addToken(token, name: name, handle: handle, expires: time.now + 1_000_000)
        let invite = try HostingInvite(
            server: server.folder.identity.keys.channel, token: Secret(token), name: name, handle: handle)
        try replicas[0].workspace.setHost(invite, server: "127.0.0.1:1")
        try beginReading()
        try sync(replicas[0], .both)
    }

    /// The server makes the log's file at the first connection.
    private func beginReading() throws {
        let link = try connect(replicas[0], .both)
        try moveUp(replicas[0], link.up.count)
        try turn()
    }

    fileprivate func admit(_ name: String, as handle: String) throws {
        let invited = try replicas[0].workspace.invite(
            handle: Handle(handle), role: .analyst, until: time.now + 1_000_000)
        let machine = Machine(time, seed: dice.next())
        let workspace = try Workspace.join(
            folder: root + "/" + name, invite: invited.invite, server: invited.server,
            ambient: machine.ambient)
        let replica = Replica(
            name: name, handle: handle, machine: machine, folder: root + "/" + name, workspace: workspace)
        handles[workspace.device] = handle
        replicas.append(replica)
        try sync(replica, .both)
        try sync(replicas[0], .both)
    }

    fileprivate func begin(_ kind: UInt32) throws {
        let record = RecordName(kind: kind, id: RecordID(UInt128(folding: replicas[0].machine.random(16))))
        records.append(record)
        try write(
            replicas[0], .hand,
            [RegisterWrite(record, RegisterName(field: 1), .text("begun \(records.count)"))])
        time.advance(by: 1)
    }

    fileprivate func template() throws -> Template {
        try readServer()
        return Template(
            workspace: server.workspace, server: try server.image(), serverReading: server.reading,
            members: try replicas.map { try member($0) }, ledger: ledger, records: records, handles: handles)
    }

    private func member(_ replica: Replica) throws -> Template.Member {
        try catchUp(replica)
        try replica.workspace.store.file.checkpoint()
        return Template.Member(
            name: replica.name, handle: replica.handle, image: try replica.image(), reading: replica.reading,
            acknowledged: replica.acknowledged)
    }
}
