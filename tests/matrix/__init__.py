"""Every command, every role, every delegation, every training: who may and who may not."""
