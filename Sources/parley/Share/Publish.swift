import ArgumentParser
import Foundation
import ParleyClient
import ParleyTerminal
import ParleyTransport
import ParleyTrust

struct Publish: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Host a workspace made on this machine on a server, with an operator's invite.",
        discussion: """
            Example:
              parley publish parley://host:7447/..

            The workspace keeps its name, its history and its members.
            """)

    @Argument(help: "The operator's invite; - reads it from standard input.")
    var invite: String
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        let workspace = try console.openWorkspace()
        let invite = try Invite(
            invite == "-" ? console.input().trimmingCharacters(in: .whitespacesAndNewlines) : invite)
        guard case .hosting(let hosting) = invite.content else {
            throw CommandFailure(
                .failed, "invite", "This invite lets you into a workspace; publishing wants an operator's.",
                hint: "join with it: parley join INVITE")
        }
        guard workspace.role() == .admin else { throw ClientError.notAdmin }
        let server = Endpoint(host: invite.host, port: invite.port).description
        try workspace.setHost(hosting, server: server)
        let outcome = try console.sync(workspace)
        if console.options.json {
            try console.json([
                "workspace": .text(workspace.name), "server": .text(server),
                "sent": .int(outcome.counts.sent),
            ])
        } else {
            try console.note("published \(workspace.name) at \(server): sent \(outcome.counts.sent)")
        }
        try console.report(outcome.refusals, of: workspace)
        try console.hint("next: parley invite --for HANDLE")
    }
}
