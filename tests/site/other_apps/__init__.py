"""The contracts with Helpdesk, ERPNext and CRM: each platform keeps them, in each version."""
