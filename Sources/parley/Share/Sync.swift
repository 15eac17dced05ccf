import ArgumentParser
import ParleyClient
import ParleyProtocol
import ParleyTerminal
import ParleyTransport
import ParleyTrust

struct Sync: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "sync",
        abstract: "Send what the server lacks and take what this replica lacks.",
        discussion: """
            Examples:
              parley sync
              parley sync --pull
              parley sync --server 127.0.0.1:7448     the server has moved
              parley sync --server parley://..        and has a new key: address and key from any new invite
              parley sync --via "ssh host parley serve --stdio --data /srv/parley"

            Everything works without it; nothing is lost when it fails.
            """)

    @Flag(name: .long, help: "Only take.")
    var pull = false
    @Flag(name: .long, help: "Only send.")
    var push = false
    @Option(
        name: .long,
        help: ArgumentHelp("The server has moved: reach it there from now on.", valueName: "host:port|invite")
    )
    var server: String?
    @Option(
        name: .long, help: ArgumentHelp("A command whose streams lead to a server.", valueName: "command"))
    var via: String?
    @Option(name: .long, help: ArgumentHelp("Give up after so long without progress.", valueName: "seconds"))
    var timeout: Int?
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func validate() throws {
        if pull, push {
            throw ValidationError("--pull and --push exclude each other; without them both are done.")
        }
        if let timeout, !(1...86_400).contains(timeout) {
            throw ValidationError("--timeout takes 1 to 86400.")
        }
    }

    func run(_ console: Console) throws {
        let workspace = try console.openWorkspace()
        if let server { try move(workspace, to: server) }
        let direction: SyncEngine.Direction = pull ? .pull : push ? .push : .both
        let outcome = try console.sync(workspace, direction: direction, via: via, timeout: timeout)
        let review = try workspace.reviewCount()
        let counts = outcome.counts
        if console.options.json {
            try console.json([
                "sent": .int(counts.sent), "received": .int(counts.received), "refused": .int(counts.refused),
                "review": .int(review), "rewritten": .int(outcome.rewritten),
                "givenBack": .int(outcome.serverHadLost),
                "doubts": .array(outcome.doubts.map(DoubtSpeech.json)),
                "refusals": .array(try workspace.standingRefusals().map(RefusalSpeech.json)),
            ])
        } else {
            try console.note("sent \(counts.sent), received \(counts.received), \(review) to review")
            try console.noteSealed(workspace)
        }
        if let doubt = outcome.doubts.first { try console.hint(DoubtSpeech.hint(doubt)) }
        try console.report(outcome.refusals, of: workspace)
    }

    /// Of an invite only the server's address and key are taken: it stays unused.
    private func move(_ workspace: Workspace, to server: String) throws {
        guard server.lowercased().hasPrefix(Invite.scheme) else {
            return try workspace.move(toServer: Endpoint(server).description)
        }
        let invite = try Invite(server)
        let address = Endpoint(host: invite.host, port: invite.port).description
        switch invite.content {
        case .hosting(let hosting): try workspace.move(toServer: address, key: hosting.server)
        case .joining(let joining): try workspace.move(toServer: address, key: joining.server)
        }
    }
}
