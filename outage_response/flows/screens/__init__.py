"""What people look at; read only."""
