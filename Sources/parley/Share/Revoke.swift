import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyTerminal
import ParleyTrust

struct Revoke: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Put an analyst, or one device, out of the workspace.",
        discussion: """
            Examples:
              parley revoke ben                    # ben, all devices and unused invites of his
              parley revoke 7K3M                   # one device, by the beginning of its id: parley members

            By an admin; works offline, and takes effect at the server with the next sync. What they wrote and the
            server holds stays. From then on their work counts for nothing, anywhere; everybody else gets
            a new key, and what is written later cannot be read by whoever is out, even with the server's help.
            What is on their machine already stays there.

            An analyst is out for good: who comes back gets an invite for another handle.
            """)

    @Argument(help: ArgumentHelp("A member's handle, or the beginning of a device's id.", valueName: "who"))
    var who: String
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        let workspace = try console.openWorkspace()
        console.learn(workspace)
        let (handle, device) = try workspace.member(called: who)
        try console.confirm(
            device == nil
                ? "Put \(handle) out of \(workspace.name) for good?" : "Put this device of \(handle) out?")
        try workspace.revoke(handle, devices: device.map { [$0] })
        try console.tellServer(
            workspace, done: device == nil ? "\(handle) is out." : "This device of \(handle) is out.",
            json: ["revoked": .text(device?.text ?? handle.text)])
    }
}

struct RoleCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "role",
        abstract: "Give a member another role.",
        discussion: """
            Examples:
              parley role ben reader
              parley role ben admin

            A reader reads, an analyst writes, an admin invites and removes. By an admin; the last one cannot
            become less.
            """)

    @Argument(help: ArgumentHelp("A member.", valueName: "handle"))
    var handle: String
    @Argument(help: "reader, analyst or admin.")
    var role: String
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func validate() throws {
        guard Role(name: role) != nil else { throw ValidationError("A role is reader, analyst or admin.") }
    }

    func run(_ console: Console) throws {
        let workspace = try console.openWorkspace()
        let handle = try Handle(handle)
        console.learn(workspace)
        try workspace.setRole(handle, Role(name: role) ?? .reader)
        try console.tellServer(
            workspace, done: "\(handle) is \(role) now.",
            json: ["handle": .text(handle.text), "role": .text(role)])
    }
}

extension Workspace {
    /// Whom a person means: a handle, or a device by the beginning of its id.
    fileprivate func member(called text: String) throws -> (Handle, DeviceID?) {
        if let handle = try? Handle(text), membership.roster.analysts[handle] != nil { return (handle, nil) }
        let given = text.uppercased()
        let devices = membership.roster.devices.values.filter {
            given.count >= 4 && $0.id.text.uppercased().hasPrefix(given)
                && !membership.roster.isRevoked($0.id)
        }
        guard devices.count <= 1 else {
            throw CommandFailure(
                .notFound, "ambiguous-device", "\(devices.count) devices begin with \(visible(text)).",
                hint: "with more characters: parley members --json")
        }
        if let device = devices.first { return (device.handle, device.id) }
        guard let handle = try? Handle(text) else { throw ClientError.unknownMember(text) }
        return (handle, nil)
    }
}

extension Console {
    /// Who has come, and what they have written, is better known beforehand; without a server it goes too.
    fileprivate func learn(_ workspace: Workspace) {
        guard (try? workspace.serverAddress()) != nil else { return }
        _ = try? sync(workspace)
    }

    /// What was decided offline holds here at once; the server learns of it now, if it can be reached.
    fileprivate func tellServer(_ workspace: Workspace, done: String, json: JSON) throws {
        var isTold = false
        var reason: String?
        if try workspace.serverAddress() != nil {
            do {
                _ = try sync(workspace)
                isTold = true
            } catch { reason = CommandFailure(describing: error).message }
        }
        if options.json {
            guard case .object(let members) = json else { return }
            return try self.json(.object(members + [JSONMember("synced", .bool(isTold))]))
        }
        try note(done)
        if let reason {
            try note("The server does not know it yet: \(reason) It will with the next: parley sync")
        }
    }
}
