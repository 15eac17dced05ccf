import ArgumentParser
import Foundation
import ParleyClient
import ParleyStore

extension CompletionKind {
    /// The addresses that begin as what has been typed; the shell asks `parley` for them. Nothing where no
    /// workspace can be read: a shell is no place for errors.
    static let record = CompletionKind.custom { _, _, typed in
        (try? IDCompletion.candidates(typed)) ?? []
    }
}

private enum IDCompletion {
    private static let most = 200

    static func candidates(_ typed: String) throws -> [String] {
        let environment = ProcessInfo.processInfo.environment
        let choice = WorkspaceChoice(
            paths: try Paths(environment: environment), environment: environment,
            directory: FileManager.default.currentDirectoryPath)
        let workspace = try Workspace(
            folder: choice.folder(flag: nil), readOnly: true, ambient: SystemAmbient.ambient)
        return try workspace.store.read { tx in
            let query = RecordQuery(order: [RecordOrder(.changed, descending: true)], limit: most)
            return try tx.query(query).rows.map { try tx.address(of: $0.name) }
                .filter { $0.hasPrefix(typed.uppercased()) }
        }
    }
}
