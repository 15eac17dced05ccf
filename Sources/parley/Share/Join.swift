import ArgumentParser
import Foundation
import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyTerminal
import ParleyTransport
import ParleyTrust

struct Join: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "join",
        abstract: "Come into a workspace with an invite.",
        discussion: """
            Examples:
              parley join parley://host:7447/..
              parley join - < invite.txt

            An operator's invite founds the workspace on the server, with you as its first
            admin.
            """)

    @Argument(
        help: ArgumentHelp("The line you were sent; - reads it from standard input.", valueName: "invite"))
    var invite: String
    @Option(name: .long, help: ArgumentHelp("The workspace's name on this machine.", valueName: "name"))
    var name: String?
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        let invite = try Invite(
            invite == "-" ? console.input().trimmingCharacters(in: .whitespacesAndNewlines) : invite)
        let server = Endpoint(host: invite.host, port: invite.port).description
        switch invite.content {
        case .hosting(let hosting): try found(hosting, server, console)
        case .joining(let joining): try join(joining, server, console)
        }
    }

    // MARK: The operator's invite

    private func found(_ invite: HostingInvite, _ server: String, _ console: Console) throws {
        let folder = console.paths.folder(ofWorkspace: try localName(invite.name.text))
        let isNew = try !Workspace.exists(in: folder)
        let workspace =
            isNew
            ? try Workspace.found(
                folder: folder, name: invite.name, handle: invite.handle, ambient: SystemAmbient.ambient)
            : try resumed(folder, invite)
        try workspace.setHost(invite, server: server)
        do { _ = try console.sync(workspace) } catch {
            // What the server will never host is not left lying about; a server that was away may be asked again.
            if isNew, Self.isRefusal(error) {
                try workspace.close()
                try? FileManager.default.removeItem(atPath: folder)
            }
            throw error
        }
        try report(workspace, at: folder, console)
    }

    /// A founding whose first connection did not come about is tried again with the same invite.
    private func resumed(_ folder: String, _ invite: HostingInvite) throws -> Workspace {
        let workspace = try Workspace(folder: folder, ambient: SystemAmbient.ambient)
        guard workspace.handle == invite.handle.text, try workspace.isUnpublished() else {
            throw ClientError.workspaceExists(folder: folder)
        }
        return workspace
    }

    // MARK: A member's invite

    /// Until the first connection the workspace's name is not known, and nothing can be written: the folder
    /// waits under a name made from the invite, and the same invite takes it up again.
    private func join(_ invite: JoiningInvite, _ server: String, _ console: Console) throws {
        let waiting = console.paths.folder(
            ofWorkspace: ".joining-" + invite.grant.hash.description.prefix(12).lowercased())
        let workspace =
            try Workspace.exists(in: waiting)
            ? try Workspace(folder: waiting, ambient: SystemAmbient.ambient)
            : try Workspace.join(
                folder: waiting, invite: invite, server: server, ambient: SystemAmbient.ambient)
        do {
            _ = try console.sync(workspace)
        } catch {
            if Self.leavesInviteUnused(error) {
                try workspace.close()
                try? FileManager.default.removeItem(atPath: waiting)
            }
            throw Self.asks(again: error)
        }
        let folder = console.paths.folder(ofWorkspace: try localName(workspace.name))
        try workspace.close()
        guard !FileManager.default.fileExists(atPath: folder) else {
            throw CommandFailure(
                .failed, "exists", "There is a workspace \"\(workspace.name)\" on this machine already.",
                hint: "give this one another name: parley join INVITE --name NAME")
        }
        try FileManager.default.moveItem(atPath: waiting, toPath: folder)
        try report(Workspace(folder: folder, ambient: SystemAmbient.ambient), at: folder, console)
    }

    /// Nothing can be written before the first connection, so the next step is the same command.
    private static func asks(again error: any Error) -> any Error {
        var failure = CommandFailure(describing: error)
        if failure.exit == .unreachable {
            failure.hint = "the invite stays good; try again: parley join INVITE"
        }
        return failure
    }

    /// The server was never reached, or said no: nothing was enrolled.
    private static func leavesInviteUnused(_ error: any Error) -> Bool {
        if let error = error as? TransportError {
            return ["connect", "handshake"].contains(error.call) || error.code == .unknownHost
        }
        if let error = error as? CommandFailure { return error.code == CommandFailure.serverKey }
        return isRefusal(error)
    }

    private static func isRefusal(_ error: any Error) -> Bool {
        guard let error = error as? ProtocolError else { return false }
        return error.isRemote && [.forbidden, .invite].contains(error.code)
    }

    // MARK: Both

    private func localName(_ given: String) throws -> String {
        try WorkspaceName(name ?? given).text
    }

    private func report(_ workspace: Workspace, at folder: String, _ console: Console) throws {
        let name = URL(fileURLWithPath: folder).lastPathComponent
        let handle = workspace.handle ?? ""
        let records = try workspace.recordCount()
        if console.options.json {
            try console.json([
                "workspace": .text(name), "handle": .text(handle), "device": .text(workspace.device.text),
                "records": .int(records), "folder": .text(folder),
            ])
        } else {
            try console.note("joined \(name) as \(handle): \(counted(records, "record"))")
            try console.noteSealed(workspace)
        }
        try console.hint("next: parley list    parley watch")
    }
}
