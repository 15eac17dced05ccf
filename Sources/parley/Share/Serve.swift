import ArgumentParser
import Foundation
import Logging
import ParleyServer
import ParleyTerminal
import ParleyTransport
import ParleyTrust

struct Serve: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run a sync server on this machine.",
        discussion: """
            Examples:
              parley serve --data /srv/parley
              parley serve --data /srv/parley --listen 0.0.0.0:7447           (for other machines too)
              parley invite --data /srv/parley --workspace ports --for olga   (beside it; then send her the line)

            The first line on stderr is `listening on HOST:PORT`; port 0 picks a free one. The second is the
            fingerprint of the server's key, which `parley doctor` shows on each member's machine as well.
            SIGTERM and SIGINT stop it: what has arrived is stored, and everybody is told. Every connection
            is encrypted, and only members come in.
            """)

    static let usualAddress = "127.0.0.1:7447"

    @Option(name: .long, help: ArgumentHelp("The server's folder; made if missing.", valueName: "dir"))
    var data: String
    @Option(name: .long, help: ArgumentHelp("Where to listen.", valueName: "host:port"))
    var listen: String = Serve.usualAddress
    @Flag(name: .long, help: "Serve one client on standard input and output, as over ssh.")
    var stdio = false
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        let folder = try ServerFolder(path: data, seed: SystemAmbient.random(32))
        // Less than a client waits for its welcome, so that it hears the reason.
        try folder.takeLock(waitingMilliseconds: stdio ? 3_000 : 0)
        let server = try ServerLoop(folder: folder, logger: logger(console))
        if stdio {
            try server.serveStandardStreams()
        } else {
            let address = try open(server)
            try console.messages.line("listening on \(address)")
            try console.messages.line("server key \(folder.identity.keys.fingerprint)")
            try console.messages.flush()
        }
        try server.run()
    }

    private func open(_ server: ServerLoop) throws -> SocketAddress {
        do { return try server.listen(at: Endpoint(listen)) } catch let error as TransportError {
            throw CommandFailure(
                .failed, "listen", "This server cannot listen at \(listen): \(error.detail).")
        }
    }

    private func logger(_ console: Console) -> Logger {
        var logger = Logger(label: "parley.serve") {
            VisibleLog(StreamLogHandler.standardError(label: $0))
        }
        logger.logLevel = console.options.verbose ? .info : .warning
        return logger
    }
}

extension CommandFailure {
    init(_ error: ServerError) {
        switch error.code {
        case .alreadyServed:
            let folder = (error.place as NSString).deletingLastPathComponent
            self.init(
                .store, "served", "Another server runs on \(folder).",
                hint: "stop it first; parley invite --data works beside it")
        case .cannotLock, .cannotMakeFolder:
            self.init(
                .failed, "folder", "The server's folder cannot be used: \(error.place): \(error.cause).",
                hint: "name one in which you may write: --data DIR")
        }
    }
}
