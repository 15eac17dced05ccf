import ArgumentParser
import Foundation
import ParleyClient
import ParleyServer
import ParleyTerminal
import ParleyTransport
import ParleyTrust

struct InviteCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "invite",
        abstract: "Let somebody in: prints one line to send to them.",
        discussion: """
            Examples:
              parley invite --for ben              # a colleague, by an admin; also offline
              parley invite --for ben --role reader
              parley invite --for olga             # by olga herself: her second machine
              parley invite --data /srv/parley --workspace ports --for olga
                                                   # the operator's: who joins founds it

            An invite works once. Whoever holds it can use it: send it by a way you trust.
            """)

    @Option(name: .customLong("for"), help: ArgumentHelp("Who is invited.", valueName: "handle"))
    var handle: String
    @Option(name: .long, help: "reader, analyst or admin.")
    var role: String = "analyst"
    @Option(name: .long, help: ArgumentHelp("The operator's: the server's folder.", valueName: "dir"))
    var data: String?
    @Option(name: .long, help: ArgumentHelp("Where clients reach the server.", valueName: "host:port"))
    var address: String = Serve.usualAddress
    @Option(name: .long, help: ArgumentHelp("How long the invite is good.", valueName: "days"))
    var days: Int = 14
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func validate() throws {
        guard (1...365).contains(days) else { throw ValidationError("--days takes 1 to 365.") }
        guard Role(name: role) != nil else { throw ValidationError("--role takes reader, analyst or admin.") }
    }

    func run(_ console: Console) throws {
        let until = SystemAmbient.now() + Int64(days) * 86_400_000
        let invite =
            try data.map { try hosting(in: $0, console, until: until) } ?? joining(console, until: until)
        if console.options.json {
            try console.json(["invite": .text(invite.text), "for": .text(handle), "role": .text(role)])
        } else {
            try console.line(invite.text)
        }
        try console.hint("they run: parley join INVITE")
    }

    private func hosting(in folder: String, _ console: Console, until: Int64) throws -> Invite {
        guard let name = console.options.workspace else {
            throw CommandFailure(
                .usage, "usage", "--data also wants --workspace NAME: what the workspace is called.")
        }
        let endpoint = try Endpoint(address)
        let (title, handle) = (try WorkspaceName(name), try Handle(handle))
        let server = try ServerFolder(path: folder, seed: SystemAmbient.random(32))
        if server.isNew {
            try console.note("\(folder) held no server: a new one, with a key of its own, is made there")
        }
        let token = SystemAmbient.random(16)
        try server.addToken(token, name: title, handle: handle, expires: until)
        let content = try HostingInvite(
            server: server.identity.keys.channel, token: Secret(token), name: title, handle: handle)
        return try Invite(host: endpoint.host, port: endpoint.port, content: .hosting(content))
    }

    private func joining(_ console: Console, until: Int64) throws -> Invite {
        let workspace = try console.openWorkspace()
        let handle = try Handle(handle)
        let roster = workspace.membership.roster
        guard roster.analysts[handle] == nil || workspace.handle == handle.text else {
            throw CommandFailure(
                .failed, "handle-taken", "\(handle) is a member already.",
                hint: "for a further machine \(handle) runs: parley invite --for \(handle)")
        }
        let made = try workspace.invite(handle: handle, role: Role(name: role) ?? .analyst, until: until)
        let endpoint = try Endpoint(made.server)
        return try Invite(host: endpoint.host, port: endpoint.port, content: .joining(made.invite))
    }
}
