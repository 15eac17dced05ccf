import Foundation
import ParleyClient
import ParleyCore

extension Console {
    /// The folder of the workspace that is meant.
    func workspaceFolder() throws -> String {
        let directory = FileManager.default.currentDirectoryPath
        return try WorkspaceChoice(paths: paths, environment: environment, directory: directory)
            .folder(flag: options.workspace)
    }

    /// Reading opens read-only, so that it can never write.
    func openToRead() throws -> Workspace {
        try open(readOnly: true)
    }

    /// To write; commands that only look use `openToRead`.
    func openWorkspace() throws -> Workspace {
        if let value = environment["PARLEY_READ_ONLY"], !value.isEmpty {
            throw CommandFailure(.notPermitted, "read-only", "PARLEY_READ_ONLY is set. Nothing was written.")
        }
        let workspace = try open(readOnly: false)
        written = workspace
        return workspace
    }

    private func open(readOnly: Bool) throws -> Workspace {
        let folder = try workspaceFolder()
        if options.verbose { try note("workspace: \(folder)") }
        return try Workspace(folder: folder, readOnly: readOnly, ambient: SystemAmbient.ambient)
    }
}

extension Workspace {
    /// The analyst for whom this device writes.
    func me() throws -> String {
        guard let handle else { throw ClientError.notMember }
        return handle
    }
}
